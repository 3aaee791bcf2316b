"""What the operator sees of an operation: one line of the log, a span, and counts. Never variables or results."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import structlog
from opentelemetry.trace import Span, SpanKind
from prometheus_client import Counter, Gauge, Histogram
from strawberry.types import ExecutionContext

from core import telemetry
from data.viewer import Staff, Viewer, Visitor
from resolvers.context import Context
from schema.execution.error_masking import FAULTS

logger = structlog.get_logger(__name__)

OPERATIONS = Counter(
    "monitora_operations",
    "Operations that ended, by kind (query, mutation, subscription, unknown) and outcome (ok, refused, failed).",
    ["kind", "outcome"],
)
OPERATION_SECONDS = Histogram(
    "monitora_operation_duration_seconds",
    "How long an operation took; a subscription, how long it was followed.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RUNNING = Gauge(
    "monitora_operations_running", "Operations under way; a subscription is a stream that is followed.", ["kind"]
)
ERRORS = Counter("monitora_errors", "Operations that met an error of this code.", ["code"])

# A metric finds its child under a lock, by its labels made into texts: there are few, and they are kept.
_running = cache(RUNNING.labels)
_ended = cache(OPERATIONS.labels)
_seconds = cache(OPERATION_SECONDS.labels)

MAX_NAME_CHARACTERS = 64
"""What is kept of an operation's name: the client chooses it."""
NAME = re.compile("[_A-Za-z][_0-9A-Za-z]*")
"""What the specification of GraphQL calls a name. Any other text names no operation, and may hold what it likes."""
UNKNOWN = "unknown"
"""The kind of an operation that cannot be read."""


class OperationTelemetry:
    """Tells of one operation, whatever its end."""

    def __init__(self, execution: ExecutionContext) -> None:
        self._execution = execution
        self._context: Context = execution.context
        self._running: str | None = None

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Time the block, which is the operation, and tell of it when it has ended."""
        # From here on every line says which operation it belongs to, also those of tasks that outlive it.
        structlog.contextvars.bind_contextvars(request_id=self._context.request_id)
        began = time.perf_counter()
        with telemetry.span("GraphQL Operation", kind=SpanKind.SERVER) as span:
            try:
                yield
            finally:
                self._tell(self._context, span, time.perf_counter() - began)

    def executing(self, kind: str) -> None:
        """Count the operation as under way: it can be read, and so has a kind."""
        self._running = kind
        _running(kind).inc()

    def _tell(self, context: Context, span: Span, seconds: float) -> None:
        # What was counted as under way is no longer: its kind is the same to the end.
        kind = self._running or self._kind()
        codes = sorted(context.codes)
        outcome = _outcome(codes)
        if self._running:
            _running(kind).dec()
        _ended(kind, outcome).inc()
        _seconds(kind).observe(seconds)
        for code in codes:
            ERRORS.labels(code).inc()
        asked = self._execution.operation_name or ""
        name = asked[:MAX_NAME_CHARACTERS] if NAME.fullmatch(asked) else None
        viewer, viewer_id, workspace_id = described(context.viewer)
        workspace = workspace_id or context.workspace_id
        logger.info(
            "operation",
            kind=kind,
            name=name,
            ms=round(seconds * 1000, 1),
            outcome=outcome,
            codes=codes,
            viewer=viewer,
            viewer_id=viewer_id,
            workspace=str(workspace) if workspace else None,
        )
        if span.is_recording():
            self._complete(span, context, kind, name, codes)

    def _complete(self, span: Span, context: Context, kind: str, name: str | None, codes: list[str]) -> None:
        query = self._execution.query or ""
        span.set_attribute("monitora.request_id", context.request_id)
        # The text may hold what a client wrote into it in place of variables: its hash tells texts apart.
        span.set_attribute(
            "monitora.graphql.document.sha256", hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()
        )
        if kind != UNKNOWN:
            span.update_name(kind)
            span.set_attribute("graphql.operation.type", kind)
        if name is not None:
            span.set_attribute("graphql.operation.name", name)
        if codes:
            span.set_attribute("monitora.error.codes", codes)
        for code in FAULTS.keys() & codes:
            telemetry.fail(span, code)

    def _kind(self) -> str:
        try:
            return self._execution.operation_type.value
        except Exception:  # noqa: BLE001 - whatever keeps it from being read, there is no kind
            return UNKNOWN


def described(viewer: Viewer) -> tuple[str, str | None, Any]:
    """Return a viewer's kind, identifier and workspace, for the log."""
    if isinstance(viewer, Staff):
        return "staff", str(viewer.user_id), None
    if isinstance(viewer, Visitor):
        return "visitor", viewer.visitor_id, viewer.workspace_id
    return "anonymous", None, None


def _outcome(codes: list[str]) -> str:
    """Return "failed" when the server is at fault, "refused" when it said no to anything, else "ok"."""
    if FAULTS.keys() & codes:
        return "failed"
    return "refused" if codes else "ok"
