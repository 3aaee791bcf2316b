"""Work that is done in the background, a row each."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from data.models.base import ZERO, Created, Keyed, Model, primary_key
from data.types import Chosen, utc_now


class JobKind(StrEnum):
    """What a job does. `subject_id` says to what."""

    INDEX_DOCUMENT = "index_document"
    """Reads a document and makes its passages searchable."""
    CRAWL_WEBSITE = "crawl_website"
    """Fetches the pages of a website and has those indexed that are new or changed."""
    REFRESH_WEBSITES = "refresh_websites"
    """Has websites crawled again whose time has come. The server's own."""
    EMBED_WORKSPACE = "embed_workspace"
    """Makes vectors of another embedder for what a workspace is searched by."""
    CLEAN_UP = "clean_up"
    """Deletes, once a day, what is old, expired or belongs to nothing. The server's own."""


class JobStatus(StrEnum):
    """Where a job stands. One that is done has no row."""

    WAITING = "waiting"
    RUNNING = "running"
    DEAD = "dead"
    """It failed for a reason that time does not mend: a person may have it done again."""


class Job(Keyed, Created, Model):
    """A piece of background work, stored in the transaction of what it is about.

    A process takes a waiting job by writing a `lease` of its own, which it renews while it works; when `leased_until`
    is past, the job may be taken over. Whoever writes for the job checks the lease in the same transaction, so that a
    process that lost it writes nothing more. `attempts` counts those that did not give the job back: two that ended
    with the death of their worker make it dead. `progress` runs from 0 to 1. The server's own work has no workspace.
    """

    __tablename__ = "jobs"
    node_name = "Job"

    kind: Mapped[JobKind] = mapped_column(Chosen(JobKind, 30))
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    subject_id: Mapped[UUID]
    status: Mapped[JobStatus] = mapped_column(
        Chosen(JobStatus, 20), default=JobStatus.WAITING, server_default=JobStatus.WAITING.value
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    not_before: Mapped[datetime] = mapped_column(default=now, server_default=utc_now())
    progress: Mapped[float] = mapped_column(default=0.0, server_default=ZERO)
    error_code: Mapped[str | None] = mapped_column(Unicode(50))
    error: Mapped[str | None] = mapped_column(Unicode())

    __table_args__ = (
        primary_key(),
        Index("idx_jobs_subject", "kind", "subject_id", unique=True),
        Index("idx_jobs_turn", "status", "workspace_id", "not_before"),
        Index("idx_jobs_lease", "status", "leased_until"),
        Index("idx_jobs_workspace", "workspace_id", "created_at", mssql_clustered=True),
    )
