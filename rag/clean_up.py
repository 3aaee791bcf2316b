"""The clean-up: what is old, expired or belongs to nothing is deleted. The server runs it once a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from core.clock import now
from core.errors import MonitoraError
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.jobs.recurring import store_recurring
from data.models import JobKind
from data.procedures import MAX_RETENTION_DAYS, Cleaned, cleanup_old_data
from data.queries import figures, vectors
from rag.sources.orphans import delete_orphans
from rag.sources.storage import FileStorage

logger = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
VECTORS_KEPT = timedelta(days=30)
"""How long the vectors of an embedder are kept after another took its place: going back costs nothing until then."""
DOCUMENTS_AT_ONCE = 100
THE_CLEAN_UP = UUID(int=0)
"""The subject of the one job."""


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """How many rows were archived or deleted, files that no document had, and workspaces whose figures were wrong.

    `forgotten_vectors` counts rows of vectors, and documents, whose embedder searches their workspace no more.
    """

    rows: Cleaned
    deleted_files: int
    mended_workspaces: int
    forgotten_vectors: int

    def counts(self) -> dict[str, int]:
        """Return every count by its name."""
        rows = {name: getattr(self.rows, name) for name in Cleaned.__slots__}
        return rows | {
            "deleted_files": self.deleted_files,
            "mended_workspaces": self.mended_workspaces,
            "forgotten_vectors": self.forgotten_vectors,
        }


async def clean_up(
    database: Database, storage: FileStorage, retention_days: int, embedders: Collection[str] = ()
) -> CleanedUp:
    """Archive and delete what is old, expired sessions and cached answers, and files that no document has.

    So are vectors whose embedder has searched their workspace no more for a while, but those of `embedders`.

    The figures of workspaces in which somebody wrote since the last clean-up are compared with their rows.

    Conversations are archived when they were silent for `retention_days`, and deleted after as long again; 0 keeps
    them. Running it twice at once does no harm.
    """
    # Nothing is a hundred years old.
    days = retention_days or MAX_RETENTION_DAYS
    rows = await database.write(lambda session: cleanup_old_data(session, retention_days=days))
    deleted_files, mended = await delete_orphans(database, storage), await _mend_figures(database)
    return CleanedUp(rows, deleted_files, mended, await _forget_vectors(database, embedders))


async def _forget_vectors(database: Database, embedders: Collection[str]) -> int:
    before = now() - VECTORS_KEPT
    count = await database.write(partial(vectors.delete_unused_vectors, before=before, kept=embedders))
    while found := await database.read(
        partial(vectors.find_unused_own_vectors, before=before, kept=embedders, at_most=DOCUMENTS_AT_ONCE)
    ):
        for document_id in found:
            await database.write(partial(vectors.empty_own_vectors, document_id=document_id))
        count += len(found)
    return count


async def _mend_figures(database: Database) -> int:
    """Count the figures again that are not what the rows add up to, and return of how many workspaces."""
    since, mended = now() - 2 * EVERY, 0
    for workspace_id in await database.read(partial(figures.find_recent_workspaces, since=since)):
        if not await database.read(partial(figures.are_figures_right, workspace_id=workspace_id, since=since)):
            await database.write(partial(figures.count_again, workspace_id=workspace_id, since=since))
            logger.warning("figures_mended", workspace_id=str(workspace_id))
            mended += 1
    return mended


class CleanUp:
    """The clean-up as a job, which waits for its next day when it is done: of all processes one runs it."""

    def __init__(
        self,
        database: Database,
        storage: FileStorage,
        retention_days: int,
        embedders: Collection[str] = (),
        *,
        at_start: bool = False,
    ) -> None:
        """Prepare to clean up: `at_start` of a process that is alone, too, else when the day is over."""
        self._embedders = embedders
        self._at_start = at_start
        self._database = database
        self._storage = storage
        self._retention_days = retention_days

    async def resume(self) -> None:
        """Store the job, unless it waits or runs already and that is soon enough."""
        await store_recurring(self._database, JobKind.CLEAN_UP, THE_CLEAN_UP, again=self._at_start)

    async def run(self, job: RunningJob) -> None:
        """Clean up. Raises `LeaseLost`."""
        try:
            done = await clean_up(self._database, self._storage, self._retention_days, self._embedders)
            logger.info("cleaned_up", **done.counts())
        except Exception:
            # Tomorrow is another day: nobody would see a dead job, and nothing else cleans up.
            logger.exception("clean_up_failed")
        await self._database.write(lambda session: job.give_back(session, counts=False, delay=EVERY))

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Nothing waits for it."""

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Say it in the log."""
        logger.error("clean_up_failed", because=error.message)
