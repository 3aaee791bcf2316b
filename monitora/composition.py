"""The parts of the server, put together from the settings. A setting picks a part; nothing else changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from core.events import EventBus, MemoryEventBus, Published, RedisEventBus
from core.outbound import SsrfGuard
from core.rate_limits import RateLimiter
from core.redis import RedisClient
from core.security.encryption import Encryption
from core.security.passwords import Passwords
from core.security.tokens import Tokens
from data.engine import Database
from data.jobs.runner import Jobs
from data.models import JobKind
from monitora.settings.data_folder import FILES
from monitora.settings.settings import NO_REWRITING, Settings
from monitora.telemetry import trace_statements
from rag.answers.conversation_events import ConversationEvent
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.answers.redis_event_log import RedisAnswerEventLog
from rag.ingestion.events import IngestionEvent
from rag.ingestion.pipeline import Ingestion
from rag.ingestion.reader import DocumentReader
from rag.ingestion.reembedding import Reembedding
from rag.models.local.answerer import LocalAnswerer
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import CHAT_RETRY_POLICY, MistralChat
from rag.models.mistral.embedder import MISTRAL_EMBED, MistralEmbedder
from rag.models.mistral.failures import EMBEDDINGS_SERVER
from rag.models.protocols import ChatModel, Embedder, ModelError, Rewriter
from rag.retrieval.retriever import Retriever
from rag.sources.crawler.events import WebsiteEvent
from rag.sources.crawler.job import WebsiteCrawl
from rag.sources.crawler.refreshing import RefreshWebsites
from rag.sources.storage import FileStorage
from resolvers.accounts.session_checks import SessionChecks, SessionsChanged
from resolvers.services import Services

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def running_services(settings: Settings, reader: DocumentReader | None = None) -> AsyncIterator[Services]:
    """Start the parts, hand them over, and stop them in order: answers under way may end, jobs are left for later.

    A `reader` that is given is left running; by default the services have their own.
    """
    signing_key, *previous_keys = settings.signing_keys()
    async with (
        opened_database(settings) as database,
        models(settings) as (chat_model, embedder),
        other_embedders(settings, embedder) as others,
        redis_client(settings) as redis,
        event_bus(redis, ConversationEvent) as conversation_events,
        event_bus(redis, IngestionEvent) as ingestion_events,
        event_bus(redis, WebsiteEvent) as website_events,
        event_bus(redis, SessionsChanged) as session_events,
    ):
        event_log = MemoryAnswerEventLog() if redis is None else RedisAnswerEventLog(redis)
        storage = opened_storage(settings)
        own_reader = DocumentReader()
        ingestion = Ingestion(
            database, storage, reader or own_reader, embedder, ingestion_events, settings.policy.quotas
        )
        # With Redis there may be other processes, whose jobs under way are not to be taken from them.
        jobs = Jobs(database, slots=settings.jobs_at_once, alone=not settings.redis_url)
        jobs.handle(JobKind.INDEX_DOCUMENT, ingestion)
        jobs.handle(JobKind.EMBED_WORKSPACE, Reembedding(database, embedder), own_slots=1)
        ssrf_guard = SsrfGuard(settings.networks())
        limits = settings.crawl_limits(settings.policy.max_file_bytes)
        quotas, browser = settings.policy.quotas, settings.script_browser()
        crawl = WebsiteCrawl(database, storage, ssrf_guard, website_events, quotas, limits, browser)
        jobs.handle(JobKind.CRAWL_WEBSITE, crawl, own_slots=settings.crawls_at_once)
        jobs.handle(JobKind.REFRESH_WEBSITES, RefreshWebsites(database))
        answers = Answers(
            database,
            event_log,
            Retriever(database, embedder, others),
            chat_model,
            conversation_events,
            cache_lifetime=timedelta(hours=settings.cache_hours),
            daily_tokens=settings.daily_tokens or None,
            rewriter=rewriter_of(settings, chat_model),
            rewriting_model=settings.rewrite_model,
        )
        sessions = SessionChecks(database, session_events)
        sessions.listen()
        answers.listen()
        # Servers may take their time: nothing waits for them.
        telling = asyncio.create_task(tell_unknown_models(chat_model, embedder))
        try:
            yield Services(
                database=database,
                passwords=Passwords(),
                tokens=Tokens(signing_key, previous_keys),
                sessions=sessions,
                encryption=Encryption(settings.encryption_keys()),
                ssrf_guard=ssrf_guard,
                storage=storage,
                jobs=jobs,
                ingestion=ingestion,
                crawl=crawl,
                answers=answers,
                redis=redis,
                policy=settings.policy,
                rate_limiter=RateLimiter(settings.rates, redis),
            )
        finally:
            telling.cancel()
            await asyncio.wait({telling})
            await answers.close(timedelta(seconds=settings.shutdown_grace_seconds))
            await event_log.close()
            await sessions.close()
            await jobs.close()
            await own_reader.close()
            ssrf_guard.close()


def rewriter_of(settings: Settings, chat_model: ChatModel) -> Rewriter | None:
    """Return what makes follow-ups stand alone: the chat model, if it can and the settings say so."""
    is_wanted = settings.rewrite_model != NO_REWRITING
    return chat_model if is_wanted and isinstance(chat_model, Rewriter) else None


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


def opened_storage(settings: Settings) -> FileStorage:
    """Return where the uploaded files are."""
    return FileStorage(settings.data_dir / FILES)


@asynccontextmanager
async def redis_client(settings: Settings) -> AsyncIterator[RedisClient | None]:
    """Open the process's one client of Redis; None where no Redis is set."""
    if not settings.redis_url:
        yield None
        return
    async with RedisClient(settings.redis_url) as client:
        yield client


@asynccontextmanager
async def event_bus(redis: RedisClient | None, kind: type[Published]) -> AsyncIterator[EventBus[Published]]:
    """Open an event bus: of this process alone or, with Redis, of all that share it."""
    if redis is None:
        yield MemoryEventBus()
        return
    async with RedisEventBus(redis, kind) as shared:
        yield shared


@asynccontextmanager
async def models(settings: Settings) -> AsyncIterator[tuple[ChatModel, Embedder]]:
    """Open what writes answers and what embeds texts."""
    async with AsyncExitStack() as opened:
        chat = _chat_model(settings)
        embedder = _embedder(settings)
        for model in (chat, embedder):
            if isinstance(model, MistralChat | MistralEmbedder):
                await opened.enter_async_context(aclosing(model))
        yield chat, embedder


@asynccontextmanager
async def other_embedders(settings: Settings, embedder: Embedder) -> AsyncIterator[list[Embedder]]:
    """Open the embedders that can still answer in workspaces that another than theirs is to search."""
    others: list[Embedder] = [LocalEmbedder()]
    async with AsyncExitStack() as opened:
        if settings.uses_mistral and (settings.embeddings_url or settings.embeds_locally):
            key, url = settings.mistral_api_key.get_secret_value() or None, settings.mistral_server_url or None
            others.append(await opened.enter_async_context(aclosing(MistralEmbedder(key, server_url=url))))
        yield [other for other in others if other.name != embedder.name]


def _chat_model(settings: Settings) -> ChatModel:
    if not settings.uses_mistral:
        return LocalAnswerer()
    key, url = settings.mistral_api_key.get_secret_value() or None, settings.mistral_server_url or None
    silence = settings.model_timeout_seconds
    retry_policy = replace(CHAT_RETRY_POLICY, reply=silence, between_tokens=silence)
    return MistralChat(key, server_url=url, model=settings.chat_model or None, retry_policy=retry_policy)


def _embedder(settings: Settings) -> Embedder:
    if settings.embeds_locally or not (settings.embeddings_url or settings.uses_mistral):
        return LocalEmbedder()
    model, options = settings.embeddings_model or MISTRAL_EMBED, settings.embedding_options()
    if settings.embeddings_url:
        key = settings.embeddings_key.get_secret_value() or None
        url, variables = settings.embeddings_url, EMBEDDINGS_SERVER
        return MistralEmbedder(key, server_url=url, model=model, options=options, variables=variables)
    key, own_url = settings.mistral_api_key.get_secret_value() or None, settings.mistral_server_url or None
    return MistralEmbedder(key, server_url=own_url, model=model, options=options)


async def tell_unknown_models(*models: object) -> None:
    """Say in the log which models their servers do not know. Servers that cannot be asked are left out."""
    for model in models:
        if isinstance(model, MistralChat | MistralEmbedder):
            part = "answers" if isinstance(model, MistralChat) else "embeddings"
            try:
                unknown = await model.unknown_model()
            except ModelError as error:
                logger.warning("models_not_listed", part=part, because=error.message)
                continue
            if unknown is not None:
                logger.warning("model_unknown", part=part, model=unknown.model, known=list(unknown.known))
