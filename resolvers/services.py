"""The parts of the server that operations call."""

from dataclasses import dataclass, field

from core.outbound import SsrfGuard
from core.rate_limits import RateLimiter
from core.redis import RedisClient
from core.security.encryption import Encryption
from core.security.passwords import Passwords
from core.security.tokens import Tokens
from data.engine import Database
from data.jobs.runner import Jobs
from rag.answers.orchestration import Answers
from rag.ingestion.pipeline import Ingestion
from rag.sources.crawler.job import WebsiteCrawl
from rag.sources.storage import FileStorage
from resolvers.accounts.session_checks import SessionChecks
from resolvers.policy import Policy


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the server that operations call."""

    database: Database
    passwords: Passwords
    tokens: Tokens
    sessions: SessionChecks
    encryption: Encryption
    ssrf_guard: SsrfGuard
    storage: FileStorage
    jobs: Jobs
    ingestion: Ingestion
    crawl: WebsiteCrawl
    answers: Answers
    redis: RedisClient | None = None
    policy: Policy = field(default_factory=Policy)
    rate_limiter: RateLimiter = field(default_factory=lambda: RateLimiter({}))
