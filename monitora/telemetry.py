"""Spans on their way to a collector: the SDK, the requests' and the statements' spans. All of it only when asked for.

Attributes are those of OpenTelemetry's semantic conventions 1.44, HTTP and database. Where they go, how many are kept
and under which name is said to the SDK by its own environment variables, OTEL_EXPORTER_OTLP_ENDPOINT and others.
"""

import os
import re
from collections.abc import Callable
from importlib.metadata import version

from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import telemetry
from data.engine import Database
from data.statements import Ended
from monitora.settings.settings import InvalidSettings

MISSING = (
    "MONITORA_TELEMETRY: OpenTelemetry's SDK is not installed; install it with the extra, `pip install "
    "'monitora[telemetry]'`, or take the setting back"
)
SYSTEMS = {"sqlite": "sqlite", "mssql": "microsoft.sql_server"}
"""The conventions' names of the databases."""
TARGET = re.compile(r"\b(?:FROM|INTO|UPDATE|EXEC)\s+([A-Za-z_][\w.]*)", re.IGNORECASE)
"""The first table or procedure that a statement names."""
METHODS = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
"""The conventions' known methods; any other is "_OTHER"."""
SERVER_FAULT = 500


def start() -> Callable[[], None]:
    """Start to record and send spans; return what sends the last of them and stops.

    Raises `InvalidSettings` when the SDK is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise InvalidSettings(MISSING) from error
    os.environ.setdefault("OTEL_SERVICE_NAME", "monitora")
    provider = TracerProvider(resource=Resource.create({"service.version": version("monitora")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown


class RequestSpans:
    """Makes a span of each HTTP request. A trace that the client began is linked and not joined: it is not believed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, inside its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        attributes = {"http.request.method": method, "url.path": scope["path"], "url.scheme": scope["scheme"]}
        outside = trace.get_current_span(propagate.extract(Headers(scope=scope))).get_span_context()
        links = (Link(outside),) if outside.is_valid else ()
        name = "HTTP" if method == "_OTHER" else method
        with telemetry.span(name, attributes, kind=SpanKind.SERVER, links=links) as span:

            async def seen(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= SERVER_FAULT:
                        telemetry.fail(span, str(message["status"]))
                await send(message)

            await self._app(scope, receive, seen)
            path = getattr(scope.get("route"), "path_format", None)
            if path:
                span.update_name(f"{name} {path}")
                span.set_attribute("http.route", path)


def trace_statements(database: Database) -> None:
    """Make a span of each statement that is sent as part of another span. Parameters are no part of it."""
    fixed = {"db.system.name": SYSTEMS[database.dialect]}
    if database.dialect != "sqlite":
        fixed |= {"db.namespace": database.url.database or "", "server.address": database.url.host or ""}

    def begin(statement: str) -> Ended | None:
        if not trace.get_current_span().is_recording():
            return None
        attributes = fixed | _described(statement)
        span = telemetry.begin(attributes["db.query.summary"], attributes, kind=SpanKind.CLIENT)

        def end(error: BaseException | None) -> None:
            if error is not None:
                telemetry.fail(span, type(error).__qualname__)
            span.end()

        return end

    database.watch(begin)


def _described(statement: str) -> dict[str, str]:
    operation = statement.split(None, 1)[0].upper()
    described = {"db.operation.name": operation, "db.query.summary": operation, "db.query.text": statement}
    target = TARGET.search(statement)
    if target is not None:
        described["db.query.summary"] = f"{operation} {target[1]}"
        described["db.stored_procedure.name" if operation == "EXEC" else "db.collection.name"] = target[1]
    return described
