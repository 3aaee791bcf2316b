"""Column types that mean the same on SQLite and SQL Server."""

import json
import zlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import DateTime, LargeBinary, Unicode
from sqlalchemy.dialects import mssql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Choice = TypeVar("Choice", bound=StrEnum)
_LEVEL = 1
"""How hard zlib tries: it is waited for, and the best level saves a tenth more at five times the time."""


class utc_now(FunctionElement[datetime]):  # noqa: N801 - an SQL function is written as it reads in SQL
    """The database's own clock, in UTC, as a column default."""

    inherit_cache = True
    type = DateTime()


@compiles(utc_now, "sqlite")
def _utc_now_on_sqlite(_element: utc_now, _compiler: SQLCompiler, **_options: Any) -> str:
    # SQLite's clock has milliseconds; the zeros make the text sort among SQLAlchemy's six digits.
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(utc_now, "mssql")
def _utc_now_on_sql_server(_element: utc_now, _compiler: SQLCompiler, **_options: Any) -> str:
    # GETUTCDATE() has steps of 3.33 ms; SYSUTCDATETIME() has the column's own precision.
    return "SYSUTCDATETIME()"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: DATETIME2(6) on SQL Server, sortable ISO text on SQLite. Naive values are refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask SQL Server for microseconds: its plain DATETIME rounds to 3.33 ms."""
        if dialect.name == "mssql":
            return dialect.type_descriptor(mssql.DATETIME2(precision=6))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without its zone. Raises `ValueError` for a naive value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Chosen(TypeDecorator[Choice]):
    """One value of a `StrEnum`, stored as its text in NVARCHAR(n)."""

    impl = Unicode
    cache_ok = True

    def __init__(self, choices: type[Choice], length: int) -> None:
        super().__init__(length)
        self.choices = choices
        self.length = length

    def process_bind_param(self, value: Choice | None, dialect: Dialect) -> str | None:
        """Store the value. Raises `ValueError` for text outside the enumeration."""
        return None if value is None else self.choices(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Choice | None:
        """Read the value back as a member of the enumeration."""
        return None if value is None else self.choices(value)


class Json(TypeDecorator[Any]):
    """A JSON value in NVARCHAR(MAX), as the specification asks, readable by JSON_VALUE and by a person."""

    impl = Unicode
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write compact JSON that keeps accents readable."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the JSON back."""
        return None if value is None else json.loads(value)


def exact_text(length: int) -> TypeEngine[str]:
    """Return a text that differs by case and accent on both databases.

    SQL Server's usual collation takes "visitor" and "VISITOR" for one: a visitor must not read another's conversations.
    """
    exact = mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2")
    return Unicode(length).with_variant(exact, "mssql")


def _long_bytes(dialect: Dialect) -> TypeEngine[Any]:
    """Return bytes of any length: for SQL Server VARBINARY(MAX), for its IMAGE is obsolete."""
    if dialect.name == "mssql":
        return dialect.type_descriptor(mssql.VARBINARY("max"))  # type: ignore[no-untyped-call]
    return dialect.type_descriptor(LargeBinary())


class CompressedJson(TypeDecorator[Any]):
    """A JSON value for programs alone, compressed: text that repeats itself takes a third of its bytes or less."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask for bytes of any length."""
        return _long_bytes(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Write JSON in ASCII, which has a place for lone surrogates, and compress it."""
        return None if value is None else zlib.compress(json.dumps(value, separators=(",", ":")).encode(), _LEVEL)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Read the JSON back."""
        return None if value is None else json.loads(zlib.decompress(value))


class Vector(TypeDecorator[NDArray[np.float32]]):
    """An embedding of shape (dimensions,) as little-endian float32 bytes: SQL Server has no array type."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask for bytes of any length."""
        return _long_bytes(dialect)

    def process_bind_param(self, value: NDArray[np.float32] | None, dialect: Dialect) -> bytes | None:
        """Write the vector's bytes."""
        return None if value is None else np.ascontiguousarray(value, dtype="<f4").tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> NDArray[np.float32] | None:
        """Read the vector back, as a read-only view of the bytes."""
        return None if value is None else np.frombuffer(value, dtype="<f4")
