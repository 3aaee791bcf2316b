"""How large an operation may be: what is measured, what is refused, and what must never be."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import OperationDefinitionNode, build_schema, get_introspection_query, parse, specified_rules
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import String
from strawberry.utils.str_converters import to_camel_case

from data import models
from data.models import Role
from data.viewer import Anonymous, Staff
from resolvers.policy import STAFF_TOKENS, VISITOR_TOKENS, Policy
from schema import exported, schema
from schema.execution.complexity import Measure, excesses, measure
from schema.execution.costs import PRICES
from schema.execution.validation_cache import KEPT_CHARACTERS, CachedDocument, ValidationCache
from tests.support.people import People, Person

ROOT = Path(__file__).parents[3]
GRAPH = build_schema(exported())
RULES = tuple(specified_rules)


def _measure(text: str, **variables: Any) -> Measure:
    operations = CachedDocument.read(text, STAFF_TOKENS)
    return operations.measure(GRAPH, _first(operations), variables)


def _first(operations: CachedDocument) -> OperationDefinitionNode:
    return next(node for node in operations.document.definitions if isinstance(node, OperationDefinitionNode))


def _chain(length: int) -> str:
    """Return fragments of which each spreads the next one twice."""
    links = "".join(f"fragment f{i} on Query{{...f{i + 1} ...f{i + 1}}}" for i in range(length))
    return "{...f0}" + links + f"fragment f{length} on Query{{me{{id}}}}"


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        # graphql-core takes a selection of nothing.
        ("{}", {}, 0),
        ("{ __typename }", {}, 1),
        ("{ me { id email } }", {}, 12),
        ("{ a: me { id } ... on Query { me { id } } }", {}, 22),
        # A page costs 10, each of its items 5 and what is asked of it.
        ("{ workspaces(first: 3) { nodes { id name } } }", {}, 10 + 3 * (5 + 2)),
        ("{ workspaces(last: 3) { edges { cursor node { id } } } }", {}, 10 + 3 * (5 + 3)),
        ("{ workspaces { nodes { id } } }", {}, 10 + 20 * 6),
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {"n": 7}, 10 + 7 * 6),
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {"n": None}, 10 + 20 * 6),
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {}, 10 + 20 * 6),
        ("query ($n: Int = 8) { workspaces(first: $n) { nodes { id } } }", {}, 10 + 8 * 6),
        # What GraphQL takes for a number too, or refuses later, counts as the largest page.
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {"n": 100.0}, 10 + 100 * 6),
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {"n": [1]}, 10 + 100 * 6),
        ("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", {"n": 10**4000}, 10 + 100 * 6),
        ("{ workspaces(first: 1000000) { nodes { id } } }", {}, 10 + 100 * 6),
        ("{ workspaces(first: -1) { nodes { id } } }", {}, 10),
        # What is not an item is there once.
        ("{ workspaces(first: 100) { totalCount pageInfo { hasNextPage } } }", {}, 10 + 10 + 2),
        ("{ workspaces(first: 2) { nodes { documents(first: 3) { nodes { id } } } } }", {}, 10 + 2 * (5 + 10 + 3 * 6)),
        ('{ workspace(id: "") { analytics { date } } }', {}, 10 + 10 + 30),
        ('{ workspace(id: "") { analytics(from: "2026-01-01", to: "2026-01-02") { date } } }', {}, 10 + 10 + 2),
        ('{ workspace(id: "") { analytics(from: "1926-01-01") { date } } }', {}, 10 + 10 + 400),
        ('query ($d: Date) { workspace(id: "") { analytics(from: $d) { date } } }', {"d": "x"}, 10 + 10 + 400),
        ("mutation { logout { ended } }", {}, 51),
        # A text costs 1 for each hundred characters that it may have.
        ('{ conversation(id: "") { messages(first: 2) { nodes { content } } } }', {}, 10 + 10 + 2 * (5 + 1 + 40)),
        ('{ workspace(id: "") { systemPrompt customCss } }', {}, 10 + 101 + 201),
    ],
)
def test_the_cost_is_that_of_the_largest_response(query: str, variables: dict[str, Any], cost: int) -> None:
    assert _measure(query, **variables).cost == cost


def test_the_sizes_are_those_of_the_operation_with_its_fragments_written_out() -> None:
    size = _measure(
        "{ a: me @include(if: true) { ...User } b: me { ...User @skip(if: false) } }"
        "fragment User on User { id mail: email @include(if: true) }"
    )

    assert size._replace(cost=0, nesting=0) == Measure(depth=2, fields=2, aliases=4, directives=4)


def test_a_chain_of_fragments_that_spread_the_next_one_twice_is_measured_once_a_fragment() -> None:
    # Written out, this is 2^80 times `me { id }`: it could not be counted one by one.
    size = _measure(_chain(80))

    assert size.fields == 2**80
    assert size.cost == 2**80 * 11


async def test_the_query_of_769_bytes_that_once_took_seconds_is_refused(people: People) -> None:
    query = _chain(21)
    assert len(query) < 800

    assert await people.anyone.refusal(query) == "COST_LIMIT"


async def test_fragments_too_deep_to_be_measured_are_refused(people: People) -> None:
    links = "".join(f"fragment f{i} on Query{{...f{i + 1}}}" for i in range(120))
    admin = await people.admin()

    assert await admin.refusal("{...f0}" + links + "fragment f120 on Query{me{id}}") == "COST_LIMIT"


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { me { id } ...A ...A }",
        "{ me { ...A } } fragment A on User { ...B ...B } fragment B on User { ...A ...A }",
    ],
)
async def test_fragments_that_spread_themselves_are_left_to_validation(people: People, query: str) -> None:
    assert await people.anyone.refusal(query) == "BAD_USER_INPUT"


Selections = list[Any]
FIELDS = ["id", "x: id @include(if: true)", "role", "nothing"]


def _selections(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    page = st.integers(0, 5)
    return st.lists(
        st.one_of(
            st.sampled_from(FIELDS),
            st.integers(0, 4),
            st.tuples(st.just("a: me @skip(if: false)"), children),
            st.tuples(st.just("... on User"), children),
            st.tuples(page.map("workspaces(first: {})".format), children),
            st.tuples(st.just("nodes @include(if: true)"), children),
            st.tuples(st.just("documents"), children),
        ),
        min_size=1,
        max_size=4,
    )


SELECTIONS = st.recursive(st.just(["id"]), _selections, max_leaves=6)


def _text(selections: Selections, fragments: list[Selections], *, is_written_out: bool, after: int = -1) -> str:
    """Return a selection as GraphQL. A number spreads a fragment, or a later one so that there is no cycle."""
    parts = []
    for selection in selections:
        if isinstance(selection, str):
            parts.append(selection)
        elif isinstance(selection, tuple):
            inner = _text(selection[1], fragments, is_written_out=is_written_out, after=after)
            parts.append(f"{selection[0]} {inner}")
        elif after + 1 + selection < len(fragments):
            number = after + 1 + selection
            inner = _text(fragments[number], fragments, is_written_out=True, after=number) if is_written_out else ""
            parts.append(f"... on {KINDS[number]} {inner}" if is_written_out else f"...F{number}")
    return "{ " + " ".join(parts or ["id"]) + " }"


KINDS = ["Query", "User", "WorkspaceConnection", "Workspace"]


@given(SELECTIONS, st.lists(SELECTIONS, max_size=4))
def test_a_fragment_counts_as_often_as_it_is_spread(root: Selections, fragments: list[Selections]) -> None:
    definitions = "".join(
        f" fragment F{number} on {KINDS[number]} {_text(fragment, fragments, is_written_out=False, after=number)}"
        for number, fragment in enumerate(fragments)
    )
    spread = _text(root, fragments, is_written_out=False) + definitions
    written_out = _text(root, fragments, is_written_out=True)

    assert _measure(spread) == _naive(written_out)


def _naive(text: str) -> Measure:
    document = parse(text)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    return measure(GRAPH, document, operation, {})


NESTED = "conversation { messages { nodes { " * 7 + "id" + " } } }" * 7


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('{ node(id: "") { ... on Message { ' + NESTED + " } } }", "23 levels of fields, and 20 are allowed"),
        ("{ me {" + " ... {" * 120 + " id " + "}" * 120 + " } }", "nested in more than 100 levels"),
        ("{" + " ...F" * 21 + " } fragment F on Query { me { id } }", "21 fields at its root, and 20 are allowed"),
        ("{ me {" + "".join(f" a{i}: id" for i in range(51)) + " } }", "51 aliases, and 50 are allowed"),
        ("{ me { id" + " @include(if: true)" * 51 + " } }", "51 directives, and 50 are allowed"),
        ("query" + " @x" * 51 + " { me { id } }", "51 directives, and 50 are allowed"),
        (
            "{workspaces(last: 100) {nodes {conversations(last: 100) {nodes {messages(last: 100) {nodes {id}}}}}}}",
            "costs 6,151,510, and 15,000 is allowed: ask for fewer items a page",
        ),
    ],
)
async def test_what_is_too_large_is_refused_with_the_limit_and_what_to_do(
    people: People, query: str, says: str
) -> None:
    result = await people.anyone.execute(query)

    assert result.data is None
    assert result.errors
    assert {error.extensions["code"] for error in result.errors if error.extensions} == {"COST_LIMIT"}
    assert says in result.errors[0].message


async def test_the_cost_is_told_with_the_response(people: People) -> None:
    asked = await people.anyone.execute("{ me { id } }")
    refused = await people.anyone.execute("{ me { nothing } }")
    of_an_account = await (await people.admin()).execute("{ me { id } }")

    assert asked.extensions == {"cost": {"requested": 11, "limit": 15_000}}
    assert refused.extensions == {"cost": {"requested": 11, "limit": 15_000}}
    assert of_an_account.extensions == {"cost": {"requested": 11, "limit": 1_000_000}}


async def test_the_operator_sets_the_limits(people: People) -> None:
    policy = replace(people.services.policy, max_visitor_operation_cost=1_000, max_operation_depth=3)
    anyone = Person(replace(people.services, policy=policy))

    assert (await anyone.execute("{ me { id } }")).extensions == {"cost": {"requested": 11, "limit": 1_000}}
    for query in (
        "{ workspaces(first: 100) { nodes { id name slug: name isActive model } } }",
        "{ a { b { c { d } } } }",
    ):
        assert await anyone.refusal(query) == "COST_LIMIT"


async def test_of_several_operations_the_one_that_is_run_is_measured(people: People) -> None:
    context = await people.anyone.context()
    text = "query Small { me { id } } query Large {" + " me { id }" * 21 + " }"
    small = await schema.execute(text, operation_name="Small", context_value=context)
    large = await schema.execute(text, operation_name="Large", context_value=context)

    assert small.data == {"me": None}
    assert large.data is None


async def test_comparing_the_fields_of_one_name_ends_early(people: People) -> None:
    # graphql-core compares each of them with each other one.
    result = await people.anyone.execute("{ me {" + " id" * 400 + " } }")

    assert result.errors
    assert result.errors[0].extensions is not None
    assert result.errors[0].extensions["code"] == "COST_LIMIT"
    assert "name each field once" in result.errors[0].message


async def test_the_errors_of_a_response_are_few_and_short(people: People) -> None:
    unknown = " ".join(f"{'x' * 900}{i}" for i in range(90))

    result = await people.anyone.execute("{ me { " + unknown + " } }")

    assert result.errors
    assert len(result.errors) == 5
    assert max(len(error.message) for error in result.errors) == 500


async def test_a_text_that_is_too_long_is_refused(people: People) -> None:
    assert await people.anyone.refusal("{ me { id } }" + " " * 100_000) == "BAD_USER_INPUT"
    assert await people.anyone.refusal("{ me { id } }" + "\n" * 6_000) == "BAD_USER_INPUT"


async def test_an_account_may_write_longer_operations_than_a_stranger(people: People) -> None:
    admin = await people.admin()
    long, too_long = ("{" + " me { id }" * 20 + " __typename" * count + " }" for count in (420, 950))

    assert await people.anyone.refusal(long) == "BAD_USER_INPUT"
    assert await admin.refusal(long) == "COST_LIMIT", "it is read: what is too large is the number of fields"
    assert await people.anyone.refusal(long) == "BAD_USER_INPUT", "also while the server keeps it for the account"
    assert await admin.refusal(too_long) == "BAD_USER_INPUT"


async def test_the_query_of_217_bytes_that_made_a_gigabyte_is_refused_to_a_visitor(people: People) -> None:
    visitor = await (await people.shop()).visitor()
    again = "messages { nodes { conversation { messages { nodes { content } } } } }"

    assert await visitor.refusal("query ($id: ID!) { conversation(id: $id) { " + again + " } }", id="x") == "COST_LIMIT"


def test_the_operations_that_are_kept_are_bounded_by_their_size() -> None:
    known = ValidationCache()
    first = known.document("{ me { id } }", VISITOR_TOKENS)
    assert known.document("{ me { id } }", VISITOR_TOKENS) is first

    for number in range(4):
        assert known.document("{ me { id } }" + " " * (KEPT_CHARACTERS // 3 + number), VISITOR_TOKENS)

    assert known.document("{ me { id } }", VISITOR_TOKENS) is not first, "what was asked longest ago is forgotten"


def test_the_measures_that_are_kept_of_an_operation_are_bounded() -> None:
    operations = CachedDocument.read("query ($n: Int) { workspaces(first: $n) { nodes { id } } }", VISITOR_TOKENS)
    for size in range(200):
        operations.measure(GRAPH, _first(operations), {"n": size, "unused": size})

    assert len(operations.measures) <= 50


def test_every_price_is_of_a_field_of_the_graph() -> None:
    for place in PRICES:
        kind, name = place.split(".")
        found = GRAPH.get_type(kind)
        assert found is not None, place
        assert GRAPH.get_field(found, name) is not None, place  # type: ignore[arg-type]


def _operations_of_the_documentation() -> list[tuple[str, str]]:
    guides = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "monitora/guide").glob("*/*.md"))]
    found = [("the introspection query", get_introspection_query())]
    for page in [ROOT / "README.md", *guides]:
        blocks = re.findall(r"^```graphql\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        found += [(f"{page.relative_to(ROOT)} {number}", block) for number, block in enumerate(blocks, 1)]
    examples = (ROOT / "widget/graphiql/examples.ts").read_text(encoding="utf-8")
    found += [(f"GraphiQL {n}", text) for n, text in enumerate(re.findall(r"query: `(.*?)`", examples, re.DOTALL), 1)]
    return found


@pytest.mark.parametrize(("place", "text"), _operations_of_the_documentation())
def test_what_the_documentation_and_graphiql_ask_is_far_below_the_limits(place: str, text: str) -> None:
    operations = CachedDocument.read(text, VISITOR_TOKENS)

    assert operations.validate(GRAPH, RULES) == [], place
    size = operations.measure(GRAPH, _first(operations), {})
    # The graph changes less than what people add to an operation.
    room = 1.2 if "__schema" in text else 2
    limits = Policy().limits_of(Staff(uuid4(), uuid4(), Role.ADMIN) if _needs_an_account(text) else Anonymous())
    assert not list(excesses(size._replace(cost=int(size.cost * room)), Policy(), limits)), place


def _needs_an_account(text: str) -> bool:
    return any(field in text for field in ("workspaces", "workspace(", "conversations", "createWorkspace"))


def test_every_long_text_costs_more_than_a_value() -> None:
    """A text whose column holds more than 500 characters, found in the graph by the name of its column."""
    cheap = []
    for kind in vars(models).values():
        fields = getattr(GRAPH.get_type(getattr(kind, "__name__", "")), "fields", None)
        if fields is None or not hasattr(kind, "__table__"):
            continue
        for column in kind.__table__.columns:
            is_text = isinstance(column.type, String) and (column.type.length or 501) > 500
            place = f"{kind.__name__}.{to_camel_case(column.name)}"
            if is_text and to_camel_case(column.name) in fields and place not in PRICES:
                cheap.append(place)

    # The server's own words, which are short.
    assert cheap == ["Document.error", "Website.error"]
