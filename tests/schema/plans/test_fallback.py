"""What plans leave to graphql-core: nothing of what our own clients ask, and whatever ends in an error."""

import gc
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLObjectType, OperationDefinitionNode, OperationType, get_introspection_query, parse

import widget
from data.prepared import Prepared
from resolvers.context import Context
from schema import schema
from schema.plans import planned, planning
from schema.plans.plan import PlannedResult
from schema.plans.planned import PLANS
from schema.readings import reading_of
from tests.schema.access.selection import GRAPH
from tests.support.people import People, Person, Shop

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def shop(people: People) -> Shop:
    return await people.shop()


@contextmanager
def outcomes() -> Iterator[dict[str, int]]:
    """Count what executes operations in the block, by outcome."""
    before = _counted()
    found: dict[str, int] = {}
    yield found
    found |= {name: count - before[name] for name, count in _counted().items() if count != before[name]}


def _counted() -> dict[str, int]:
    return {name: int(PLANS.labels(name)._value.get()) for name in ("planned", "unknown", "refused")}


def _kind(text: str) -> OperationType:
    (operation,) = (node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))
    return operation.operation


def _examples() -> list[str]:
    texts = re.findall(r"query: `(.*?)`", (ROOT / "widget/graphiql/examples.ts").read_text(encoding="utf-8"), re.DOTALL)
    return [text for text in texts if _kind(text) is OperationType.QUERY]


@pytest.mark.parametrize("text", _examples())
async def test_the_queries_that_graphiql_begins_with_are_planned(shop: Shop, text: str) -> None:
    variables = {"workspaceId": shop.id} if "$workspaceId" in text else {}

    with outcomes() as found:
        await shop.owner.ask(text, **variables)

    assert found == {"planned": 1}


async def test_the_operations_of_the_widget_are_planned(shop: Shop) -> None:
    visitor = await shop.visitor()
    by_name = {re.split(r"[\s({]", text, maxsplit=2)[1]: text for text in widget.operations().values()}
    read = {name for name, text in by_name.items() if _kind(text) is not OperationType.MUTATION}
    assert read == {"Chat", "Answer", "History", "Activity"} & read, "run the new operation below"

    with outcomes() as found:
        said = {"content": "When does it open?", "clientMessageId": str(uuid4())}
        events = await _followed(visitor, by_name["Chat"], input=said)
        answer_id = events[0]["answerId"]
        conversation = events[0]["conversation"]["id"]
        again = await _followed(visitor, by_name["Answer"], answerId=answer_id, after=0)
        history = await visitor.ask(by_name["History"], id=conversation, last=50)

    assert [event["__typename"] for event in again] == [event["__typename"] for event in events]
    assert history["result"]["messages"]["nodes"][0]["content"] == "When does it open?"
    assert found == {"planned": 1 + len(events) + len(again)}


async def _followed(person: Person, text: str, **variables: Any) -> list[dict[str, Any]]:
    stream = await schema.subscribe(text, variable_values=variables, context_value=await person.context())
    results = [result async for result in stream]
    assert not any(result.errors for result in results)
    return [result.data["event"] for result in results if result.data]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (get_introspection_query(), "unknown"),
        ('{ workspace(id: "nothing") { id } }', "refused"),
        ("{ workspaces(first: 101) { nodes { id } } }", "refused"),
        ("query ($first: Int = 2) { workspaces(first: $first) { nodes { id } } }", "planned"),
    ],
)
async def test_what_a_plan_does_not_know_or_must_refuse_is_executed_and_counted(
    shop: Shop, text: str, outcome: str
) -> None:
    with outcomes() as found:
        result = await shop.owner.execute(text)

    assert found == {outcome: 1}
    assert isinstance(result, PlannedResult) == (outcome == "planned")


async def test_an_operation_of_too_many_fields_is_not_planned(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_FIELDS", 5)

    with outcomes() as found:
        await shop.owner.ask("{ workspaces { nodes { id name isActive } } }")
        await shop.owner.ask("{ workspaces { nodes { id name isActive model } } }")

    assert found == {"planned": 1, "unknown": 1}


async def test_what_is_not_planned_keeps_nothing_of_those_who_asked(shop: Shop) -> None:
    def contexts() -> int:
        gc.collect()
        return sum(isinstance(value, Context) for value in gc.get_objects())

    await shop.owner.ask("{ __schema { queryType { name } } }")
    before = contexts()

    for _ in range(5):
        await shop.owner.ask("{ __schema { queryType { name } } }")

    assert contexts() == before


async def test_few_plans_are_kept_however_many_are_asked_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "MAX_PLANS", 3)
    monkeypatch.setattr(planned, "_kept", OrderedDict())
    text = (
        "query ($a: Boolean!, $b: Boolean!) { workspaces { nodes { id name @skip(if: $a) isActive @skip(if: $b) } } }"
    )
    switches = [{"a": a, "b": b} for a in (True, False) for b in (True, False)]

    with outcomes() as found:
        shown = [(await shop.owner.ask(text, **given))["workspaces"]["nodes"][0] for given in (*switches, *switches)]

    assert found == {"planned": 8}
    assert [sorted(node) for node in shown[:4]] == [
        ["id"],
        ["id", "isActive"],
        ["id", "name"],
        ["id", "isActive", "name"],
    ]
    assert shown[4:] == shown[:4]
    assert len(planned._kept) == 3


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Prepared]:
    """The statements that are compiled from now on."""
    statements: list[Prepared] = []
    prepare = Prepared.__init__

    def counted(self: Prepared, *arguments: Any) -> None:
        statements.append(self)
        prepare(self, *arguments)

    monkeypatch.setattr(Prepared, "__init__", counted)
    return statements


async def test_a_query_that_repeats_itself_compiles_each_statement_once(shop: Shop, compiled: list[Prepared]) -> None:
    pages = " ".join(f"w{number}: workspaces {{ totalCount nodes {{ id }} }}" for number in range(10))

    await shop.owner.ask(f"{{ {pages} }}")

    assert len(compiled) == 2


async def test_nothing_is_compiled_for_who_may_not_look(people: People, compiled: list[Prepared]) -> None:
    with outcomes() as found:
        await people.anyone.execute("{ workspaces { totalCount nodes { id documents { totalCount } } } }")

    assert found == {"refused": 1}
    assert not compiled


def test_every_field_that_a_query_reaches_says_how_it_is_read() -> None:
    """A field of a row without a resolver is a column; one with a resolver says which columns that reads."""
    silent = [
        f"{kind.name}.{name}"
        for kind in GRAPH.type_map.values()
        if isinstance(kind, GraphQLObjectType) and any(face.name == "Node" for face in kind.interfaces)
        for name, field in kind.fields.items()
        if field.extensions["strawberry-definition"].base_resolver is not None and reading_of(field) is None
    ]

    assert silent == []
