"""How each page and each figure is read: by an index, as far as it goes and no further.

The graph itself says which pages and figures there are: a new one is read here too, or fails for want of a way to it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type
from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects import mssql
from sqlalchemy.engine import Engine

from core.clock import now
from data import reads
from data.engine import Database
from data.models import Model, Role, global_id
from data.pages import Cursor
from data.prepared import Prepared
from resolvers.services import Services
from schema.execution.validation_cache import CACHE
from schema.relay.node import parse_id
from tests.support.people import People, Person
from tests.support.rows import Given
from tests.support.statements import Statements

ROOT = Path(__file__).parents[2]
GRAPH = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
ON_SQL_SERVER = mssql.dialect()  # type: ignore[no-untyped-call]
ON_SQL_SERVER._supports_offset_fetch = True
"""As SQLAlchemy speaks to a server of 2012 or later, once it is connected to one."""

WAYS = {
    "Query": ["{}"],
    "User": ["me {{ {} }}"],
    "Workspace": ["workspace(id: $workspace) {{ {} }}", "workspaces {{ nodes {{ {} }} }}"],
    "Document": [
        "node(id: $document) {{ ... on Document {{ {} }} }}",
        "workspaces {{ nodes {{ documents {{ nodes {{ {} }} }} }} }}",
    ],
    "Website": [
        "node(id: $website) {{ ... on Website {{ {} }} }}",
        "workspaces {{ nodes {{ websites {{ nodes {{ {} }} }} }} }}",
    ],
    "Conversation": [
        "conversation(id: $conversation) {{ {} }}",
        "workspaces {{ nodes {{ conversations {{ nodes {{ {} }} }} }} }}",
    ],
}
"""How to reach one, and many, of each type that has pages or figures."""
SLICES = ["first: 2", 'first: 2, after: "{0}"', "last: 2", 'last: 2, before: "{0}"'] + [
    end + ': 2, after: "{0}", before: "{0}"' for end in ("first", "last")
]
DDL_OF_SQL_SERVER = (ROOT / "sql" / "mssql" / "tables.sql").read_text(encoding="utf-8")
FIRST_OF_EACH = re.compile(r"CROSS APPLY \(SELECT .* ORDER BY .* FETCH FIRST \S+ ROWS ONLY\) AS page", re.DOTALL)
GROWING = {"conversations", "messages", "document_chunks"}
"""The tables that no figure adds up."""


def _fields(*, pages: bool) -> list[tuple[str, str]]:
    """Return the pages, or the other objects, that each type with a way has."""
    found = []
    for kind in GRAPH.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for name, field in kind.fields.items():
            named = get_named_type(field.type)
            if named.name.endswith("Connection") is pages and (pages or _is_figure(kind, named)):
                found.append((kind.name, name))
    return found


def _is_figure(kind: GraphQLObjectType, named: Any) -> bool:
    is_object = isinstance(named, GraphQLObjectType)
    return is_object and kind.name in {"User", "Workspace", "Conversation"} and "Node" not in _interfaces(named)


def _interfaces(kind: GraphQLObjectType) -> set[str]:
    # Days and insights have identifiers and are figures all the same.
    own = {"AnalyticsDay", "Insights"}
    return set() if kind.name in own else {interface.name for interface in kind.interfaces}


PAGES = _fields(pages=True)
FIGURES = [figure for figure in _fields(pages=False) if figure != ("Workspace", "search")]
"""A search is no figure: it reads its index, and the passages that it finds."""


@dataclass(frozen=True)
class Sent:
    """What an operation sent: the text for SQLite, with its plan, and the statement for SQL Server."""

    text: str
    plan: list[tuple[int, int, str]]
    on_sql_server: str

    @property
    def is_page_of_many(self) -> bool:
        return " AS page ON " in self.text

    def faults(self) -> Iterator[str]:
        """Yield each line of the plan that reads more than an index leads to."""
        if "0 = 1" in self.text:
            return  # what the viewer may not read at all: no row is looked at
        own = {"each_key", "CONSTANT", *re.findall(r"(\w+) AS \(", self.text), *re.findall(r"\) AS (\w+)", self.text)}
        for _, parent, line in self.plan:
            scanned = re.match(r"SCAN (\w+)", line)
            if scanned and scanned[1] not in own:
                yield line
            if "TEMP B-TREE" in line and not (parent == 0 and self._sorts_a_bounded_list()):
                yield line

    def _sorts_a_bounded_list(self) -> bool:
        """Tell whether all that is sorted are pages, the days of a period, or the workspaces of one account."""
        first = next(line for _, parent, line in self.plan if parent == 0)
        of_account = first.startswith("SEARCH workspaces USING INDEX sqlite_autoindex_workspaces_1 (id=?)")
        of_period = "(workspace_id=? AND date>? AND date<?)" in first
        return self.is_page_of_many or of_period or (of_account and "vw_user_workspaces.user_id = ?" in self.text)

    def indexes(self) -> set[str]:
        return {found for _, _, line in self.plan for found in re.findall(r"INDEX (idx_\w+)", line)}


async def _sent(database: Database, statements: Statements, person: Person, query: str, **values: Any) -> list[Sent]:
    """Run an operation as a person, and return what it sent."""
    used = {name: value for name, value in values.items() if f"${name}" in query}
    if used:
        query = f"query ({', '.join(f'${name}: ID!' for name in used)}) {query}"
    with statements.recorded() as texts, _elements() as elements:
        await person.execute(query, **used)
    return await _explained(database, texts, elements)


async def _explained(database: Database, texts: list[str], elements: dict[str, str]) -> list[Sent]:
    """Return statements with their plans."""

    def explain(connection: Connection) -> list[Sent]:
        sent = []
        for sql in texts:
            lines = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?"))
            plan = [(line.id, line.parent, line.detail) for line in lines]
            sent.append(Sent(sql, plan, elements.get(sql, "")))
        return sent

    return await database.inspect(explain)


@contextmanager
def _elements() -> Iterator[dict[str, str]]:
    """Keep the text for SQL Server of each statement, by its text for SQLite.

    A query's plan compiles its statements once: here they are compiled anew.
    """
    found: dict[str, str] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if context is not None and context.compiled is not None:
            found[statement] = str(context.compiled.statement.compile(dialect=ON_SQL_SERVER))

    class Kept(Prepared):
        def __init__(self, statement: Any, dialect: Dialect) -> None:
            super().__init__(statement, dialect)
            found[self.text] = str(statement.compile(dialect=ON_SQL_SERVER))

    event.listen(Engine, "before_cursor_execute", keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reads, "Prepared", Kept)
        CACHE.clear()
        yield found
    event.remove(Engine, "before_cursor_execute", keep)


@dataclass
class House:
    """An owner with two workspaces, a reader of both, and a visitor who wrote; with the identifiers that ways need."""

    people: dict[str, Person]
    ids: dict[str, str]


@pytest.fixture
async def house(people: People) -> House:
    owner, (reader, email) = await people.admin(), await people.account(Role.LECTEUR)
    shops = [await people.shop(owner) for _ in range(2)]
    for shop in shops:
        await owner.change("shareWorkspace", id=shop.id, email=email)
        given, workspace_id = Given(people.services.database), parse_id(shop.id)[1]
        document, website = await given.document(workspace_id), await given.website(workspace_id)
    visitor = await shops[0].visitor()
    events = await visitor.chat("When does it open?")
    ids = {"workspace": shops[0].id, "conversation": events[0]["conversation"]["id"]}
    ids |= {"document": global_id("Document", document), "website": global_id("Website", website)}
    return House({"owner": owner, "reader": reader, "visitor": visitor}, ids)


def _answered(kind: str, viewer: str) -> bool:
    return viewer != "visitor" or kind == "Conversation"


def test_there_is_a_way_to_every_page() -> None:
    assert {kind for kind, _ in PAGES} <= set(WAYS)
    assert len(PAGES) > 8
    assert {name for _, name in FIGURES} >= {"stats", "metrics", "insights", "analytics", "dailyMetrics", "storage"}


@pytest.mark.parametrize(("kind", "name"), PAGES)
async def test_a_page_is_read_by_its_index_and_stops_after_its_rows(
    people: People, statements: Statements, house: House, kind: str, name: str
) -> None:
    asked = "{ totalCount totalCountIsExact edges { cursor } nodes { __typename } pageInfo { hasNextPage } }"
    pages = 0
    for way, limits, (viewer, person) in product(WAYS[kind], SLICES, house.people.items()):
        place = Cursor((1,)) if name == "passages" else Cursor((now(), UUID(int=1)))
        query = f"{{ {way.format(f'{name}({limits.format(place)}) {asked}')} }}"

        sent = await _sent(people.services.database, statements, person, query, **house.ids)

        for one in sent:
            assert list(one.faults()) == [], f"{viewer}: {query}\n{one.text}\n{one.plan}"
            assert all(f"INDEX {index} " in DDL_OF_SQL_SERVER for index in one.indexes()), one.indexes()
            pages += _stops(one)
    assert pages >= len(SLICES)


def _stops(sent: Sent) -> bool:
    """Check that a count or a page stops after its rows, on both databases, and tell whether it is a page."""
    if "count(*)" in sent.text:
        assert re.search(r"\bLIMIT\b", sent.text), sent.text
        assert re.search(r"\bTOP ", sent.on_sql_server), sent.on_sql_server
        return False
    if sent.is_page_of_many:
        assert FIRST_OF_EACH.search(sent.on_sql_server), sent.on_sql_server
        (listed,) = re.findall(r"JOIN (\w+) AS page ON", sent.text)
        walk = re.compile(rf"SEARCH {listed} USING (COVERING )?INDEX idx")
        walked = next(line for _, _, line in sent.plan if walk.match(line))
        from_cursor = bool(re.search(r"created_at [<>]= |chunk_index [<>] ", sent.text))
        assert bool(re.search("created_at|chunk_index", walked)) is from_cursor, (
            f"the walk begins at the cursor: {walked}"
        )
        return True
    is_page = "LIMIT ? OFFSET ?" in sent.text
    assert not is_page or "FETCH FIRST" in sent.on_sql_server, sent.on_sql_server
    return is_page


@pytest.mark.parametrize(("kind", "name"), FIGURES)
async def test_a_figure_is_read_and_not_added_up(
    people: People, statements: Statements, house: House, kind: str, name: str
) -> None:
    field = GRAPH.type_map[kind].fields[name]  # type: ignore[attr-defined]
    leaves = " ".join(get_named_type(field.type).fields)
    for way, (viewer, person) in product(WAYS[kind], house.people.items()):
        query = f"{{ {way.format(f'{name} {{ {leaves} }}')} }}"

        sent = await _sent(people.services.database, statements, person, query, **house.ids)

        assert sent or not _answered(kind, viewer)
        for one in sent:
            assert list(one.faults()) == [], f"{viewer}: {query}\n{one.text}\n{one.plan}"
            assert _grown(one) == set(), one.text


async def test_insights_are_set_again_without_adding_anything_up(
    people: People, statements: Statements, house: House
) -> None:
    with statements.recorded() as texts:
        await house.people["owner"].change("recalculateInsights", workspaceId=house.ids["workspace"])

    for one in await _explained(people.services.database, texts, {}):
        assert list(one.faults()) == [], one.text
        assert _grown(one) == set(), one.text


def _grown(sent: Sent) -> set[str]:
    """Return the growing tables of which a statement reads more than a row. When the last message came is one."""
    read = {line for _, _, line in sent.plan if re.match(rf"S\w+ ({'|'.join(GROWING)}) ", line)}
    last = {line for line in read if "idx_conversations_last_message (workspace_id=?)" in line}
    return read - last if "max(conversations.last_message_at)" in sent.text else read


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM conversations ORDER BY created_at, id LIMIT 3",
        "SELECT id FROM conversations WHERE workspace_id = 'x' ORDER BY title LIMIT 3",
        "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY title) AS place FROM conversations) WHERE place < 3",
        "SELECT count(*) FROM messages",
    ],
)
async def test_a_plan_that_reads_a_whole_list_is_found(services: Services, statement: str) -> None:
    [one] = await _explained(services.database, [statement], {})

    assert list(one.faults())


def test_every_growing_table_is_a_table() -> None:
    assert set(Model.metadata.tables) > GROWING
