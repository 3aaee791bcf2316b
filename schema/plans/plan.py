"""A plan: what executes a query without graphql-core, from rows to bytes."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import orjson
from graphql.execution.values import VariableValues
from strawberry.types import ExecutionResult

from core.telemetry import span
from data.engine import RowUnit
from resolvers.context import Context
from schema.plans.completion import Objects
from schema.plans.run import Ask, Awaited, Question, Run, Steps
from schema.plans.selection import Selection


class PlannedResult(ExecutionResult):
    """What a plan answers: the response's data as JSON, without errors."""

    def __init__(self, json: bytes) -> None:
        self.json = json
        """The data."""
        self.errors = None
        self.extensions = None

    @property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        """The data as values, for those who do not send it."""
        values: dict[str, Any] = orjson.loads(self.json)
        return values


def sendable(result: ExecutionResult) -> ExecutionResult:
    """Return a result whose data `core.json` writes as it is, where a plan has written it already."""
    if not isinstance(result, PlannedResult):
        return result
    return ExecutionResult(data=cast("Any", orjson.Fragment(result.json)), errors=None, extensions=result.extensions)


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a run."""

    json: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an operation for viewers of the same rights."""

    selection: Selection[Objects]

    async def execute(self, context: Context, variables: VariableValues, source: Any = None) -> bytes:
        """Return the response's data as JSON. `source` is the root value: an event's, for a subscription.

        All statements between two waits for resolvers are one unit of work. Raises whatever keeps the response from
        being whole and free of errors: graphql-core then tells them.
        """
        steps = self._steps(Run(context, variables), source)
        outcome: Ask | Finished = _advance(steps, None)
        while not isinstance(outcome, Finished):
            if isinstance(outcome, Awaited):
                results = await asyncio.gather(*(resolve() for resolve in outcome.resolvers), return_exceptions=True)
                for result in results:
                    if isinstance(result, BaseException):
                        raise result
                outcome = _advance(steps, results)
            else:
                outcome = await context.database.read_rows(_unit(steps, outcome))
        return outcome.json

    def _steps(self, run: Run, source: Any) -> Steps[bytes]:
        objects = yield from self.selection.steps(run, [source])
        return run.written(objects[0])


def _unit(steps: Steps[bytes], question: Question) -> RowUnit[Awaited | Finished]:
    """Go on with a run that asks for rows until it waits for something else, or ends."""
    outcome: Ask | Finished = question
    while isinstance(outcome, Question):
        with span(outcome.what, {"monitora.loader.keys": outcome.keys}):
            rows = yield outcome.text, outcome.parameters
        outcome = _advance(steps, rows)
    return outcome


def _advance(steps: Steps[bytes], answer: Any) -> Ask | Finished:
    try:
        return steps.send(answer)
    except StopIteration as end:
        return Finished(end.value)
