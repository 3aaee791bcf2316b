"""The parts of the server, put together from the settings. A setting picks a part; nothing else changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import widget
from core.events import Board, MemoryBoard, Posted
from core.outbound import OutboundGuard
from core.rate_limits import Counters
from core.redis_events import RedisBoard
from core.security.encryption import Encryption
from core.security.passwords import Passwords
from core.security.tokens import Tokens
from data.engine import Database
from monitora.settings.settings import Settings
from monitora.telemetry import trace_statements
from rag.answers.conversation_events import Activity
from rag.answers.event_log import MemoryAnswerLog
from rag.answers.orchestration import Answers
from rag.answers.redis_event_log import RedisAnswerLog
from rag.ingestion.events import Progress
from rag.ingestion.pipeline import Ingestion
from rag.models.local.answerer import LocalAnswerer
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import CHAT_PATIENCE, MistralChat
from rag.models.mistral.embedder import MistralEmbedder
from rag.models.protocols import ChatModel, Embedder
from rag.retrieval.retriever import Retriever
from rag.sources.storage import FileStorage
from resolvers.persisted import PersistedOperations
from resolvers.services import Services

ABANDONED_AFTER = timedelta(minutes=5)
"""How long a document of another process may stand still before it is taken for abandoned."""


@asynccontextmanager
async def running_services(settings: Settings) -> AsyncIterator[Services]:
    """Start the parts, hand them over, and stop them in order: answers under way may end, jobs are left for later."""
    signing_key, *previous_keys = settings.signing_keys()
    async with (
        opened_database(settings) as database,
        models(settings) as (chat_model, embedder),
        board(settings, Activity) as activity,
        board(settings, Progress) as progress,
    ):
        answer_log = RedisAnswerLog(settings.redis_url) if settings.redis_url else MemoryAnswerLog()
        storage = FileStorage(settings.data_dir / "files")
        # With Redis there may be other processes, whose documents under way are not to be taken from them.
        patience = ABANDONED_AFTER if settings.redis_url else timedelta(0)
        ingestion = Ingestion(database, storage, embedder, progress, abandoned_after=patience)
        answers = Answers(
            database,
            answer_log,
            Retriever(database, embedder),
            chat_model,
            activity,
            cache_lifetime=timedelta(hours=settings.cache_hours),
            daily_tokens=settings.daily_tokens or None,
        )
        counters = Counters(settings.rates, settings.redis_url)
        answers.listen()
        outbound = OutboundGuard(settings.networks())
        try:
            yield Services(
                database=database,
                passwords=Passwords(),
                tokens=Tokens(signing_key, previous_keys),
                encryption=Encryption(settings.encryption_keys()),
                outbound=outbound,
                storage=storage,
                ingestion=ingestion,
                answers=answers,
                policy=settings.policy,
                counters=counters,
                persisted=PersistedOperations(widget.operations()),
            )
        finally:
            await answers.close(timedelta(seconds=settings.shutdown_grace_seconds))
            await answer_log.close()
            await counters.close()
            await ingestion.close()
            outbound.close()


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, as the server itself sees it, and let its units end before it is closed."""
    settings.prepare_data_dir()
    database = Database(
        settings.database,
        pool_size=settings.pool_size,
        statement_seconds=settings.statement_seconds,
        row_level_security=settings.row_level_security,
    )
    if settings.telemetry:
        trace_statements(database)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def board(settings: Settings, kind: type[Posted]) -> AsyncIterator[Board[Posted]]:
    """Open a board: of this process alone or, with Redis, of all that share it."""
    if not settings.redis_url:
        yield MemoryBoard()
        return
    async with RedisBoard(settings.redis_url, kind) as shared:
        yield shared


@asynccontextmanager
async def models(settings: Settings) -> AsyncIterator[tuple[ChatModel, Embedder]]:
    """Open what writes answers and what embeds texts."""
    if not settings.uses_mistral:
        yield LocalAnswerer(), LocalEmbedder()
        return
    key, url = settings.mistral_api_key.get_secret_value() or None, settings.mistral_server_url or None
    silence = settings.model_timeout_seconds
    patience = replace(CHAT_PATIENCE, reply=silence, between_tokens=silence)
    chat = MistralChat(key, server_url=url, patience=patience)
    embedder = MistralEmbedder(key, server_url=url)
    try:
        yield chat, embedder
    finally:
        await chat.aclose()
        await embedder.aclose()
