"""Row-level security as it is written: the policy knows every table that holds a tenant's rows."""

import re
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import Table

from data.models import Model, Role
from data.repeatable import script
from data.row_level_security import POLICY, session_values
from data.viewer import Anonymous, Staff, Viewer, Visitor

WITHOUT_A_WALL = {
    "workspace_members": "the predicates read it",
    "app_users": "an account is nobody's tenant",
    "app_sessions": "an account is nobody's tenant",
    "profiles": "an account is nobody's tenant",
}


class Predicate(NamedTuple):
    """A line of the policy: what it does, by which function of which columns, on which table."""

    verb: str
    function: str
    columns: str
    table: str
    event: str


LINE = re.compile(r"ADD (FILTER|BLOCK) PREDICATE dbo\.(\w+)\(([\w, ]+)\) ON dbo\.(\w+)(?: (AFTER \w+))?")
PREDICATES = [
    Predicate(*found) for found in LINE.findall(script("mssql", "policies", POLICY).text.replace(",\n", "\n"))
]


def tenant_tables() -> set[str]:
    """Return the tables from which foreign keys lead to a workspace."""

    def leads(table: Table) -> bool:
        parents = {key.column.table for key in table.foreign_keys} - {table}
        return table.name == "workspaces" or any(leads(parent) for parent in parents)

    return {table.name for table in Model.metadata.sorted_tables if leads(table)}


def test_every_table_is_behind_the_wall_or_says_why_not() -> None:
    walled = {predicate.table for predicate in PREDICATES}

    assert walled == tenant_tables() - WITHOUT_A_WALL.keys()
    assert walled | WITHOUT_A_WALL.keys() == set(Model.metadata.tables)


@pytest.mark.parametrize("table", sorted(tenant_tables() - WITHOUT_A_WALL.keys()))
def test_a_table_s_rows_are_neither_read_nor_written_nor_moved_by_others(table: str) -> None:
    own = [predicate for predicate in PREDICATES if predicate.table == table]

    assert [(predicate.verb, predicate.event) for predicate in own] == [
        ("FILTER", ""),
        ("BLOCK", "AFTER INSERT"),
        ("BLOCK", "AFTER UPDATE"),
    ]
    assert len({(predicate.function, predicate.columns) for predicate in own}) == 1
    columns = own[0].columns.split(", ")
    assert set(columns) <= set(Model.metadata.tables[table].c.keys())
    parameters = script("mssql", "functions", own[0].function).text.count("UNIQUEIDENTIFIER,")
    assert len(columns) == parameters + 1


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        (None, "server"),
        (Anonymous(), "anonymous"),
        (Staff(uuid4(), uuid4(), Role.ADMIN), "staff"),
        (Visitor(uuid4(), "visitor"), "visitor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_the_server_itself_is_told_to_be_the_server(viewer: Viewer | None, told: str) -> None:
    values = session_values(viewer)

    assert values["viewer"] == told
    assert values["user_id"] == (viewer.user_id if isinstance(viewer, Staff) else None)
    assert values["workspace_id"] == (viewer.workspace_id if isinstance(viewer, Visitor) else None)
