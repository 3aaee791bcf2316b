"""How the server speaks to its operator: structured lines, for eyes or for machines."""

import logging
import re
import sys
from contextlib import suppress
from io import TextIOBase
from typing import TextIO, cast

import structlog
from opentelemetry import trace
from structlog.types import EventDict, Processor, WrappedLogger

MOMENT_LEVEL_EVENT = {"timestamp", "level", "event"}
NOT_PLAIN = frozenset({"stack", "exception", "exc_info", "logger", "logger_name"})
"""What a line says of a traceback, or of the library whose it is."""
QUOTED = re.compile("[ \\t=\\r\\n\"']").search
"""Finds what makes a text be written with quotes."""


def configure_logging(level: str, form: str) -> None:
    """Send the log to the error output, from `level` up, as "text" or "json"; other libraries' warnings too."""
    minimum = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_the_trace,
    ]
    last = _last(form)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(minimum),
        # In one write for each line, its end included.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lenient(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    # Never what libraries say below a warning, also when debugging: uvicorn and websockets would tell every frame and
    # every query string, tokens and messages with them.
    logging.basicConfig(level=max(minimum, logging.WARNING), handlers=[lines], force=True)
    logging.captureWarnings(capture=True)


class PlainLine:
    """Writes a line as structlog's console does without colours, in a fifth of its time.

    The console writes what is more than a moment, a level, an event and values.
    """

    def __init__(self, console: structlog.dev.ConsoleRenderer) -> None:
        self._console = console

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        """Return the line."""
        if not event.keys() >= MOMENT_LEVEL_EVENT or not NOT_PLAIN.isdisjoint(event):
            return self._console(logger, method, event)
        head = f"{event.pop('timestamp')} [{event.pop('level'):<9}] {event.pop('event'):<30}"
        values = [
            f"{name}={value if type(value) is str and not QUOTED(value) else repr(value)}"
            for name, value in sorted(event.items())
        ]
        return " ".join([head, *values]).rstrip(" ")


class _Lenient(TextIOBase):
    """A stream that drops what it cannot write: a log on a full disk fails no request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        with suppress(OSError):
            self._stream.flush()


def _last(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Never the variables of the frames: they hold tokens and messages.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [console if sys.stderr.isatty() else PlainLine(console)]


def _name_the_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say which span a line belongs to, when spans are recorded."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event
