"""What one viewer gets of the whole graph: every operation is run, and every field of every answer is judged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from data import models
from schema import schema
from schema.relay.node import key_of
from tests.schema.access.operations import Operation, operations
from tests.schema.access.selection import GRAPH, Selected, is_user_error
from tests.schema.access.tenant import TenantFixture
from tests.support.waiting import HANG_SECONDS, until

REFUSED = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"}
"""Outcomes of what is not for this viewer: nothing may have changed."""
ENDLESS = {"documentProgress", "websiteProgress", "conversationActivity"}
"""Subscriptions that end when their reader leaves."""
WEAKEST = ("empty", "null", "own")
"""Of a field that is met several times the strongest outcome counts: a value, then a code, then these in this order."""

Answer = dict[str, Any]
"""What a client gets: `data`, `errors`."""
Ask = Callable[[TenantFixture, str, Operation], Awaitable[list[Answer]]]
"""How an operation is run as a viewer: all that is answered, several times for a subscription."""


async def in_process(tenant: TenantFixture, viewer: str, operation: Operation) -> list[Answer]:
    """Run an operation on the graph itself."""
    context = await tenant.people[viewer].context()
    if operation.root != "Subscription":
        result = await schema.execute(operation.text, operation.variables, context_value=context)
        return [_answer(result)]
    async with asyncio.timeout(HANG_SECONDS):
        return [_answer(result) async for result in _events(tenant, operation, context)]


async def _events(tenant: TenantFixture, operation: Operation, context: Any) -> AsyncIterator[Any]:
    events: Any = await schema.subscribe(operation.text, variable_values=operation.variables, context_value=context)
    activity = asyncio.create_task(_run_activity(tenant))
    try:
        async for result in events:
            yield result
            if operation.name in ENDLESS and not _is_only_the_beginning(operation, result):
                break
    finally:
        activity.cancel()
        await events.aclose()


def _is_only_the_beginning(operation: Operation, result: Any) -> bool:
    """Tell whether an event only says where a website stood before anything happened."""
    return (
        operation.name == "websiteProgress" and result.data is not None and result.data[operation.name]["url"] is None
    )


async def _run_activity(tenant: TenantFixture) -> None:
    """Let something happen once the live view is followed; nothing where it may not be, or is not what is asked."""
    buses = tenant.services.answers.events, tenant.services.crawl.events
    await until(lambda: any(bus.subscriber_count for bus in buses), "somebody follows")
    await tenant.run_activity()


def _answer(result: Any) -> Answer:
    return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


@dataclass
class AccessMatrix:
    """The outcomes of one viewer, by row of the table; and what should not have happened, in words."""

    tenant: TenantFixture
    viewer: str
    ask: Ask = in_process
    faults: list[str] = field(default_factory=list)
    _outcomes: dict[str, set[str]] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, str]:
        """The strongest outcome of each row that was met."""
        return {row: min(outcomes, key=_weakness) for row, outcomes in self._outcomes.items()}

    async def query(self) -> None:
        """Read all that can be read."""
        for operation in operations(self.tenant, "Query"):
            await self.run(operation)

    async def change(self) -> None:
        """Try every mutation and subscription, each on the rows as they were. What is refused has changed nothing."""
        saved, before = self.tenant.save(), self.tenant.stored()
        for operation in operations(self.tenant, "Mutation", "Subscription"):
            answers = await self.ask(self.tenant, self.viewer, operation)
            if self._judge(operation, answers) in REFUSED:
                if self.tenant.stored() != before:
                    self.faults.append(f"{operation.row} was refused to `{self.viewer}` and changed something")
            else:
                await self._settle(answers)
                await self.tenant.restore(saved)

    async def run(self, operation: Operation) -> str:
        """Run one operation, and return the outcome of the whole."""
        return self._judge(operation, await self.ask(self.tenant, self.viewer, operation))

    async def _settle(self, answers: list[Answer]) -> None:
        """Wait for what goes on in the background after a change."""
        await self.tenant.services.jobs.finish()
        event_log = self.tenant.services.answers.event_log
        for identifier in {found for answer in answers for found in _answer_ids(answer.get("data"))}:
            answer_id = key_of(identifier, models.Message)
            if await event_log.knows(answer_id):
                async for _ in event_log.follow(answer_id, 0):
                    pass

    def _judge(self, operation: Operation, answers: list[Answer]) -> str:
        """Note what came of an operation, and return the outcome of the whole."""
        outcomes = set()
        for answer in answers:
            codes = {}
            for error in answer.get("errors") or ():
                # A subscription that is refused has an error without a path: it is the root field's.
                path = tuple(step for step in error.get("path") or () if isinstance(step, str))
                codes[path or (operation.name,)] = error["extensions"]["code"]
                if self.tenant.is_mentioned_in(error["message"], "anonymous"):
                    self.faults.append(f"{operation.row} tells `{self.viewer}` in an error: {error['message']}")
            judgement = _Judgement(self.tenant, self.viewer, codes, self._outcomes)
            value = (answer.get("data") or {}).get(operation.name)
            outcomes.add(judgement.of(operation.result, value, (), row=operation.row))
        return min(outcomes, key=_weakness)


@dataclass
class _Judgement:
    """Judges the fields of one answer. `codes` holds its errors' codes by path, places in lists left out."""

    tenant: TenantFixture
    viewer: str
    codes: dict[tuple[str, ...], str]
    outcomes: dict[str, set[str]]

    def of(
        self, selected: Selected, value: Any, above: tuple[str, ...], row: str = "", *, is_owners: bool = False
    ) -> str:
        """Note the outcome of a field, and of all below it, and return it."""
        path = (*above, selected.key)
        things = [thing for thing in (value if isinstance(value, list) else [value]) if isinstance(thing, dict)]
        shown = [self._below(selected, thing, path, is_owners=is_owners) for thing in things]
        outcome = self._outcome(selected, value, path, any(shown) if things else is_owners)
        if row or outcome != "own":
            self.outcomes.setdefault(row or f"{selected.parent}.{selected.name}", set()).add(outcome)
        return outcome

    def _outcome(self, selected: Selected, value: Any, path: tuple[str, ...], is_owners: bool) -> str:
        if path in self.codes:
            return self.codes[path]
        if value is None and (is_owners or not path[1:]):
            return "null"
        if isinstance(value, dict) and is_user_error(GRAPH.type_map[value.get("__typename", selected.type.name)]):
            return next(str(value[key]) for key in value if key.endswith("code"))
        if not is_owners:
            return "own"
        if value == []:
            return "empty"
        return "does" if selected.parent == "Mutation" else "reads"

    def _below(self, selected: Selected, thing: dict[str, Any], path: tuple[str, ...], *, is_owners: bool) -> bool:
        """Judge the fields of an object, and tell whether it is the owner's."""
        kind = thing.get("__typename", selected.type.name)
        if "id" in thing:
            is_owners = self.tenant.is_mentioned_in(thing["id"], self.viewer)
        elif len(path) == 1:
            is_owners = self.tenant.is_mentioned_in(thing, self.viewer)
        for child in selected.children:
            if child.parent == kind and not is_user_error(GRAPH.type_map[kind]):
                self.of(child, thing.get(child.key), path, is_owners=is_owners)
        return is_owners


def _weakness(outcome: str) -> int:
    if outcome in {"reads", "does"}:
        return 0
    return WEAKEST.index(outcome) + 2 if outcome in WEAKEST else 1


def _answer_ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("answerId"), str):
            yield value["answerId"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _answer_ids(item)
