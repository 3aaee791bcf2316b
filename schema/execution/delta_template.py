"""The fast path of answers: the pieces of a text become frames without an execution of the graph for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

from strawberry.types.execution import ExecutionResult

from core.json import as_json

PROBE_TEXT = "\ue000probe\ue000"
PROBE_SEQUENCE = 2_147_483_645
"""The text and the number of the event whose result becomes the template: no answer holds either."""


class DeltaTemplate:
    """Makes the frame of a piece of text from a template, for one subscription on a socket.

    The selection of a subscription is known when it starts: the template is what the graph itself answers to a probe,
    an event whose text and number are recognised in the result. Aliases, fragments and directives need no code here.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], operation_id: str) -> None:
        """Prepare for the frames of an operation, which `send` sends."""
        self._send = send
        self._operation_id = operation_id
        self._template: str | None = None
        self.expects_probe = False
        """Whether the next result of the graph is its answer to the probe: the stream of events says so."""

    @property
    def is_known(self) -> bool:
        """Whether pieces can be sent: the graph answered the probe."""
        return self._template is not None

    async def without_probe(self, results: AsyncIterator[ExecutionResult]) -> AsyncIterator[ExecutionResult]:
        """Yield the graph's results, but for its answer to the probe."""
        async for result in results:
            if self.expects_probe:
                self.expects_probe = False
                self._learn(result)
            else:
                yield result

    async def send(self, sequence: int, text: str) -> None:
        """Send a piece of text with its number in the answer. The template is known."""
        await self._send(cast("str", self._template) % {"sequence": sequence, "text": as_json(text).decode()})

    def _learn(self, result: ExecutionResult) -> None:
        """Make the template from the graph's answer to the probe. After errors there is none: the graph executes."""
        if result.errors:
            return
        payload = {"data": result.data} | ({"extensions": result.extensions} if result.extensions else {})
        frame = as_json({"id": self._operation_id, "type": "next", "payload": payload}).decode()
        template = frame.replace("%", "%%").replace(f'"{PROBE_TEXT}"', "%(text)s")
        self._template = template.replace(str(PROBE_SEQUENCE), "%(sequence)d")
