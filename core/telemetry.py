"""Spans: how long the parts of an operation take, for a collector of OpenTelemetry's, by its semantic conventions.

Only `monitora.telemetry` starts the SDK that records and sends them. Without it a span costs a look at who listens.
A span never holds a parameter, a message or a passage; of an exception it holds the type, for its text may quote one.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import Link, ProxyTracerProvider, Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

ERROR_TYPE = "error.type"

_tracer = trace.get_tracer("monitora")
_nothing = nullcontext(trace.INVALID_SPAN)


def span(
    name: str,
    attributes: Mapping[str, AttributeValue] | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: tuple[Link, ...] = (),
) -> AbstractContextManager[Span]:
    """Return a block in which what happens is part of a span of that name."""
    if isinstance(trace.get_tracer_provider(), ProxyTracerProvider):
        return _nothing
    return _recorded(name, attributes, kind, links)


def begin(name: str, attributes: Mapping[str, AttributeValue], *, kind: SpanKind) -> Span:
    """Return a span that the caller ends, below the present one."""
    return _tracer.start_span(name, kind=kind, attributes=dict(attributes))


def fail(failed: Span, error_type: str) -> None:
    """Mark a span as failed, with a code or the type of an exception."""
    failed.set_attribute(ERROR_TYPE, error_type)
    failed.set_status(StatusCode.ERROR)


@contextmanager
def _recorded(
    name: str, attributes: Mapping[str, AttributeValue] | None, kind: SpanKind, links: tuple[Link, ...]
) -> Iterator[Span]:
    with _tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, links=links, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            fail(current, str(getattr(error, "code", None) or type(error).__qualname__))
            raise
