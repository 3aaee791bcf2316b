"""Isolation, proven from the graph itself: every field, mutation and subscription, as everyone who may look at it."""

import pytest

from monitora.settings.settings import Settings
from resolvers.services import Services
from tests.schema.access.matrix import AccessMatrix
from tests.schema.access.operations import operations
from tests.schema.access.selection import GRAPH, is_node
from tests.schema.access.table import UNREACHED, fields_of_types, row_of, rows
from tests.schema.access.tenant import VIEWERS, TenantFixture, furnished

pytestmark = pytest.mark.slow

VISITORS = VIEWERS[:4]


@pytest.fixture
async def tenant(services: Services, settings: Settings) -> TenantFixture:
    return await furnished(services, settings.data_dir / "monitora.db")


def _everything(tenant: TenantFixture) -> list[str]:
    named = [operation.row for operation in operations(tenant, "Query", "Mutation", "Subscription")]
    return named + fields_of_types()


def _how_to_add(name: str) -> str:
    cells = " | ".join("?" for _ in VIEWERS)
    return f"Decide what each viewer gets of `{name}`, and write it in schema/access.md: | `{name}` | {cells} |"


async def test_everything_has_a_row(tenant: TenantFixture) -> None:
    every = _everything(tenant)

    missing = [_how_to_add(name) for name in every if row_of(name) is None]
    assert not missing, "\n".join(missing)
    unused = set(rows()) - {row_of(name) for name in every}
    assert not unused, f"schema/access.md speaks of what is not in the graph: {', '.join(sorted(unused))}"


def test_a_row_for_a_whole_type_hides_no_decision() -> None:
    for row, outcomes in rows().items():
        name, _, field = row.partition(".")
        if field == "*":
            assert not is_node(GRAPH.type_map[name]), f"`{row}`: a thing with an identifier has a row for each field"
            shown = [viewer for viewer in VISITORS if outcomes[viewer] != UNREACHED]
            assert not shown, f"`{row}`: what a visitor reads has a row for each field"


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_everyone_gets_what_the_table_says(tenant: TenantFixture, viewer: str) -> None:
    matrix = AccessMatrix(tenant, viewer)

    await matrix.query()
    await matrix.change()

    assert not matrix.faults
    expected = {name: rows()[row][viewer] for name in _everything(tenant) if (row := row_of(name))}
    met = matrix.outcomes
    wrong = [
        f"`{name}` is `{found}` for the {viewer}, and schema/access.md says `{outcome}`"
        for name, outcome in expected.items()
        if (found := met.get(name, UNREACHED)) != outcome
    ]
    assert not wrong, "\n".join(wrong)


def test_the_owner_has_a_value_in_every_field() -> None:
    """Else a field that is hidden from somebody would look like one that is empty."""
    empty = [name for name, outcomes in rows().items() if outcomes["owner"] in {"null", "empty"}]

    assert not empty, f"tests/schema/access/tenant.py must give these a value: {', '.join(empty)}"
