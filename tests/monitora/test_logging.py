"""The lines of the log: written quickly where they are plain, and alike in any case."""

from typing import Any

import structlog
from hypothesis import given
from hypothesis import strategies as st

from monitora.command_line.logging import PlainLine
from tests.support.examples import examples

CONSOLE = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(), st.text(), st.lists(st.text(), max_size=2), st.just("trace"), st.uuids()
)
MORE = st.dictionaries(st.text(min_size=1, max_size=8) | st.sampled_from(("logger", "exception")), st.text() | VALUES)


@examples(200)
@given(
    event=st.text(max_size=40),
    level=st.sampled_from(("debug", "info", "warning", "error", "critical")),
    more=MORE,
)
def test_a_line_is_what_structlog_s_console_writes(event: str, level: str, more: dict[str, Any]) -> None:
    more = {name: str(value) if name in ("logger", "exception") else value for name, value in more.items()}
    line = {"event": event, "level": level, "timestamp": "2026-01-19T08:30:00.000000Z", **more}
    line |= {"event": event, "level": level}

    assert PlainLine(CONSOLE)(None, level, {**line}) == CONSOLE(None, level, {**line})
