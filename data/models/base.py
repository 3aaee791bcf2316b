"""What every table shares: client-made keys, moments in UTC, names of constraints."""

import base64
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import MetaData, PrimaryKeyConstraint, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from core.clock import now
from data.types import UtcDateTime, utc_now

NO = text("0")
YES = text("1")
ZERO = text("0")


class Model(DeclarativeBase):
    """A table of the specification. Rows are read detached: every attribute is loaded, nothing is lazy.

    Keys are made by the client: OUTPUT is refused by SQL Server on tables with triggers.
    """

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "%(constraint_name)s",
            "ix": "idx_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {UUID: Uuid(), datetime: UtcDateTime()}
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - declared by SQLAlchemy as an instance's


class View(DeclarativeBase):
    """A view of the specification, read like a table and never written; its text is in `sql/`."""

    metadata = MetaData()
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {UUID: Uuid(), datetime: UtcDateTime()}


class Keyed:
    """A row with a random key, not clustered: SQL Server would scatter inserts over the table's pages."""

    id: Mapped[UUID] = mapped_column(default=uuid4, sort_order=-1)
    node_name: ClassVar[str]

    @property
    def global_id(self) -> str:
        """The opaque identifier clients know the row by: its kind and its key."""
        return global_id(self.node_name, self.id)


def global_id(node_name: str, key: UUID) -> str:
    """Return the opaque identifier of a row of the graph."""
    return base64.urlsafe_b64encode(f"{node_name}:{key.hex}".encode()).decode()


class Created:
    """A row that knows when it was made."""

    created_at: Mapped[datetime] = mapped_column(default=now, server_default=utc_now(), sort_order=1)


class Updated:
    """A row whose last change a trigger writes down."""

    updated_at: Mapped[datetime] = mapped_column(default=now, server_default=utc_now(), sort_order=2)


def primary_key() -> PrimaryKeyConstraint:
    """Return the table's key on `id`, NONCLUSTERED on SQL Server: each table clusters where its ranges are read."""
    return PrimaryKeyConstraint("id", mssql_clustered=False)
