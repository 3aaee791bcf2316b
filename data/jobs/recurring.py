"""Jobs of the server's own, of which there is one for all processes, and which wait for their next time when done."""

from uuid import UUID

from data.engine import Database, IntegrityError
from data.models import JobKind
from data.queries.jobs import add_recurring


async def store_recurring(database: Database, kind: JobKind, subject_id: UUID, *, again: bool = False) -> None:
    """Store a job unless it waits or runs already; `again`, in the place of the one that does."""
    try:
        await database.write(lambda session: add_recurring(session, kind, subject_id, again=again))
    except IntegrityError:
        return  # another process stored it at the same time
