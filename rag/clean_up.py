"""The clean-up: what is old, expired or belongs to nothing is deleted. The server runs it once a day."""

from dataclasses import dataclass

from data.engine import Database
from data.procedures import MAX_RETENTION_DAYS, Cleaned, cleanup_old_data
from rag.sources.orphans import delete_orphans
from rag.sources.storage import FileStorage


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """How many rows were archived or deleted, and how many files that no document had."""

    rows: Cleaned
    deleted_files: int

    def counts(self) -> dict[str, int]:
        """Return every count by its name."""
        rows = {name: getattr(self.rows, name) for name in Cleaned.__slots__}
        return rows | {"deleted_files": self.deleted_files}


async def clean_up(database: Database, storage: FileStorage, retention_days: int) -> CleanedUp:
    """Archive and delete what is old, expired sessions and cached answers, and files that no document has.

    Conversations are archived when they were silent for `retention_days`, and deleted after as long again; 0 keeps
    them. Running it twice at once does no harm.
    """
    # Nothing is a hundred years old.
    days = retention_days or MAX_RETENTION_DAYS
    rows = await database.write(lambda session: cleanup_old_data(session, retention_days=days))
    return CleanedUp(rows, await delete_orphans(database, storage))
