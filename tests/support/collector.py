"""A collector of spans on 127.0.0.1: it speaks OTLP over HTTP and keeps what it is sent.

with Collector() as collector:
    ...  # start a server with OTEL_EXPORTER_OTLP_ENDPOINT=collector.url
    collector.spans
"""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.support.waiting import HANG_SECONDS

KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclass(frozen=True)
class Span:
    """A span as it arrived. `parent` is empty for the first of a trace."""

    id: str
    parent: str
    trace: str
    name: str
    kind: str
    failed: bool
    attributes: dict[str, Any]
    links: tuple[str, ...]
    events: int


class Collector:
    """The receiver; each request is decoded as it comes."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.resource: dict[str, Any] = {}
        collector = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.receive(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector", daemon=True)

    @property
    def url(self) -> str:
        """Where spans are sent."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def receive(self, body: bytes) -> None:
        """Keep the spans of a request."""
        self.bodies.append(body)
        for batch in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = {each.key: _value(each.value) for each in batch.resource.attributes}
            self.spans += [_span(span) for scope in batch.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        """Return the spans of that name."""
        return [span for span in self.spans if span.name == name]

    def above(self, span: Span) -> list[str]:
        """Return the names of the spans that a span is part of, the nearest first."""
        by_id = {each.id: each for each in self.spans}
        names = []
        while span.parent:
            span = by_id[span.parent]
            names.append(span.name)
        return names

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=HANG_SECONDS)


def _span(span: Any) -> Span:
    return Span(
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        trace=span.trace_id.hex(),
        name=span.name,
        kind=KINDS[span.kind],
        failed=span.status.code == 2,
        attributes={each.key: _value(each.value) for each in span.attributes},
        links=tuple(link.trace_id.hex() for link in span.links),
        events=len(span.events),
    )


def _value(value: AnyValue) -> Any:
    which = value.WhichOneof("value")
    if which == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, str(which))
