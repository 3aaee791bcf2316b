"""The parts of the server that operations call."""

from dataclasses import dataclass, field

from core.outbound import OutboundGuard
from core.rate_limits import Counters
from core.security.encryption import Encryption
from core.security.passwords import Passwords
from core.security.tokens import Tokens
from data.engine import Database
from rag.answers.orchestration import Answers
from rag.ingestion.pipeline import Ingestion
from rag.sources.storage import FileStorage
from resolvers.persisted import PersistedOperations
from resolvers.policy import Policy


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the server that operations call."""

    database: Database
    passwords: Passwords
    tokens: Tokens
    encryption: Encryption
    outbound: OutboundGuard
    storage: FileStorage
    ingestion: Ingestion
    answers: Answers
    policy: Policy = field(default_factory=Policy)
    counters: Counters = field(default_factory=lambda: Counters({}))
    persisted: PersistedOperations = field(default_factory=PersistedOperations)
