"""From one embedder to another: a job embeds each workspace again, which is searched as before until that is done."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

import structlog

from core.errors import MonitoraError
from data.engine import Database, IntegrityError, Session
from data.jobs.job import RunningJob
from data.queries import vectors as queries
from data.queries.vectors import ToEmbed
from rag.ingestion.chunk import read_heading, text_to_embed
from rag.models.protocols import Embedder, ModelError, Vectors

logger = structlog.get_logger(__name__)

BATCH = 64
"""Chunks that are embedded and stored together."""
DOCUMENTS_A_TURN = 64
BATCHES_A_TURN = 8
"""What a job does at most before the other workspaces have their turns."""
TRY_AGAIN = timedelta(minutes=1)
"""How long a workspace waits after the embedder failed."""
OTHER_PROCESS = timedelta(seconds=5)
"""How long a job waits for a process with the embedder that it leads to."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Chunks of a document, from `first` on, by the texts that they are embedded by."""

    document: ToEmbed
    first: int
    texts: list[str]


class Reembedding:
    """Embeds workspaces with the embedder of the settings, which then searches them.

    Vectors are stored beside those there are. When each searched chunk of a workspace has one, one unit lets the
    embedder search it. An embedder that fails is tried again later, and nothing else happens.
    """

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._fails = False

    def subject_of(self, workspace_id: UUID) -> UUID:
        """Return the subject of the job that leads a workspace to this embedder, and not to one of other settings."""
        return uuid5(workspace_id, self._embedder.name)

    async def resume(self) -> None:
        """Store jobs for the workspaces that need one. Those that lead to another embedder go."""
        try:
            count = await self._database.write(
                lambda session: queries.add_embedding_jobs(session, self._embedder.name, self.subject_of)
            )
        except IntegrityError:
            return  # another process stored them at the same time
        if count:
            logger.info("embedding_again", workspaces=count, embedder=self._embedder.name)

    async def run(self, job: RunningJob) -> None:
        """Give a workspace its turn. Raises `LeaseLost`."""
        workspace_id = job.workspace_id
        if workspace_id is None or job.subject_id != self.subject_of(workspace_id):
            await self._database.write(lambda session: job.go_on_later(session, OTHER_PROCESS))
            return
        try:
            await self._turn(job, workspace_id)
        except ModelError as error:
            if not self._fails:
                logger.warning("embedding_waits", embedder=self._embedder.name, because=error.message)
            self._fails = True
            await self._database.write(lambda session: job.give_back(session, counts=False, delay=TRY_AGAIN))
            return
        if await self._database.write(lambda session: self._switch(session, job, workspace_id)):
            logger.info("embedder_switched", workspace=str(workspace_id), embedder=self._embedder.name)

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Leave the workspace as it is searched. The next start tries again."""
        if job.workspace_id is not None:
            await queries.note_progress(session, job.workspace_id, None)

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Say it in the log."""
        logger.error("embedding_failed", workspace=str(job.workspace_id), because=error.message)

    async def _turn(self, job: RunningJob, workspace_id: UUID) -> None:
        name = self._embedder.name
        documents = await self._database.read(
            lambda session: queries.find_to_embed(session, workspace_id, name, DOCUMENTS_A_TURN)
        )
        done, total = await self._database.read(lambda session: queries.find_progress(session, workspace_id, name))
        batches = 0
        async for batch in self._batches(documents):
            vectors = await self._embedder.embed_passages([text for part in batch for text in part.texts])
            self._fails = False
            done, rows = done + len(vectors), list(_rows(batch, vectors, workspace_id, name))
            progress = min(done / max(total, 1), 1.0)

            async def store(session: Session, rows: list[dict[str, object]] = rows, progress: float = progress) -> None:
                await job.keep(session, progress)
                await queries.add_vectors(session, rows)
                await queries.note_progress(session, workspace_id, progress)

            await self._database.write(store)
            batches += 1
            if batches == BATCHES_A_TURN:
                return

    async def _batches(self, documents: list[ToEmbed]) -> AsyncIterator[list[_Part]]:
        """Yield chunks of documents in order, `BATCH` at a time: small documents share a request."""
        batch: list[_Part] = []
        room = BATCH
        for document in documents:
            first = document.embedded
            while first < document.chunk_count:
                part = await self._read(document, first, room)
                if not part.texts:
                    break  # another version of it is searched meanwhile
                batch.append(part)
                first, room = first + len(part.texts), room - len(part.texts)
                if room == 0:
                    yield batch
                    batch, room = [], BATCH
        if batch:
            yield batch

    async def _read(self, document: ToEmbed, first: int, at_most: int) -> _Part:
        rows = await self._database.read(
            lambda session: queries.find_texts(session, document.document_id, document.version, first, at_most)
        )
        title = document.title or document.name
        return _Part(document, first, [text_to_embed(title, read_heading(heading), text) for heading, text in rows])

    async def _switch(self, session: Session, job: RunningJob, workspace_id: UUID) -> bool:
        """Let the embedder search the workspace when nothing is missing, else let the job wait for its next turn."""
        if await queries.switch(session, workspace_id, self._embedder.name):
            await job.end(session)
            return True
        await job.go_on_later(session)
        return False


def _rows(batch: list[_Part], vectors: Vectors, workspace_id: UUID, embedder: str) -> Iterator[dict[str, object]]:
    """Yield what is stored of the vectors of a batch, which are in the order of its texts."""
    first = 0
    for part in batch:
        last = first + len(part.texts)
        yield {
            "document_id": part.document.document_id,
            "workspace_id": workspace_id,
            "embedder": embedder,
            "chunk_version": part.document.version,
            "first_chunk": part.first,
            "chunk_count": len(part.texts),
            "vectors": vectors[first:last],
        }
        first = last
