"""One run of a plan: what it asks for, and what its response may take."""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import orjson
from graphql.execution.values import VariableValues

from data.columns import KeyForm
from data.keys import PARAMETER
from data.prepared import Prepared, viewer_values
from resolvers.context import Context

Result = TypeVar("Result")
Rows: TypeAlias = list[tuple[Any, ...]]
"""Rows as the driver gives them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A step that asks for the rows of a statement. `what` names it for the operator, which looks up `keys` keys."""

    text: str
    parameters: tuple[Any, ...]
    what: str
    keys: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """A step that waits for what resolvers read by themselves, outside the plan's unit of work.

    They are called there: the unit ends also when nobody waits for it any more, and a coroutine must be awaited.
    """

    resolvers: Sequence[Callable[[], Awaitable[Any]]]


Ask: TypeAlias = Question | Awaited
"""What a run asks for."""
Steps: TypeAlias = Generator[Ask, Any, Result]
"""A part of a run. It yields what it asks for, is sent the answer, and returns its result."""


class TooManyBytes(Exception):
    """The response has more bytes than its viewer is sent."""


class Run:
    """One execution of a plan for one viewer."""

    def __init__(self, context: Context, variables: VariableValues) -> None:
        self.context = context
        self.variables = variables
        self._budget = context.limits.response_bytes
        self._values = viewer_values(context.viewer)
        self._writable: dict[Any, bool] = {}
        self._counted = 0
        self.embedded_bytes = 0
        """What is embedded of the response so far, and is not part of a larger text yet."""

    def rows(self, prepared: Prepared, what: str, values: Mapping[str, Any]) -> Steps[Rows]:
        """Return the rows of a statement. `what` names it for the operator."""
        parameters = prepared.parameters({**self._values, **values})
        rows: Rows = yield Question(prepared.text, parameters, what, len(values.get(PARAMETER, ())))
        return rows

    def writable(self, prepared: Prepared, form: KeyForm, keys: Sequence[Any]) -> Steps[Mapping[Any, bool]]:
        """Return which workspaces the viewer may change, by their keys."""
        unknown = [key for key in keys if key not in self._writable]
        if unknown:
            found = yield from self.rows(prepared, "load writable of Workspace", {PARAMETER: unknown})
            mine = form.column([row[0] for row in found])
            self._writable |= dict.fromkeys(unknown, False) | dict.fromkeys(mine, True)
        return self._writable

    def count(self, size: int) -> None:
        """Count texts that the response will hold, so many characters of them. Raises `TooManyBytes`.

        They are counted before they are written: an operation may ask for a long text under many names.
        """
        self._counted += size
        self._within(self._counted)

    def embedded(self, values: Mapping[Any, Any], keys: Sequence[Any], before: int) -> list[Any]:
        """Return the value of each key as JSON, null for one without. A value is written once, however many name it.

        `before` are the `embedded_bytes` before anything inside of the values was read. Raises `TooManyBytes`, and
        `JSONEncodeError` for a text that is no Unicode.
        """
        texts: dict[Any, bytes] = {}
        size = before
        for key, value in values.items():
            texts[key] = orjson.dumps(value)
            # Before the next: the names of fields may be long, and take nothing until they are written.
            size += len(texts[key])
            self._within(size)
        self.embedded_bytes = before + sum(len(texts[key]) for key in keys if key in texts)
        self._within(self.embedded_bytes)
        fragments = {key: orjson.Fragment(text) for key, text in texts.items()}
        return [fragments.get(key) for key in keys]

    def written(self, value: Any) -> bytes:
        """Return the response as JSON. Raises `TooManyBytes` and `JSONEncodeError`."""
        text = orjson.dumps(value)
        self._within(len(text))
        return text

    def _within(self, size: int) -> None:
        if size > self._budget:
            raise TooManyBytes
