"""One plan serves all viewers of the same rights: each is shown what is theirs, also when all ask at the same time."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from monitora.settings.settings import Settings
from resolvers.services import Services
from tests.schema.access.operations import operations
from tests.schema.access.tenant import VIEWERS, TenantFixture, furnished
from tests.schema.plans.test_equivalence import answered, by_graphql_core, written


@pytest.fixture(name="tenant")
async def _tenant(services: Services, settings: Settings) -> TenantFixture:
    return await furnished(services, settings.data_dir / "monitora.db")


async def test_those_who_ask_the_same_at_the_same_time_are_answered_for_themselves(tenant: TenantFixture) -> None:
    for operation in operations(tenant, "Query"):
        text, variables = operation.text, operation.variables
        alone = {viewer: written(await by_graphql_core(tenant.people[viewer], text, variables)) for viewer in VIEWERS}

        crowd = [viewer for _ in range(3) for viewer in VIEWERS]
        answers = await asyncio.gather(*(answered(tenant.people[viewer], text, variables) for viewer in crowd))

        for viewer, answer in zip(crowd, answers, strict=True):
            assert written(answer) == alone[viewer], (operation.row, viewer)


SHARED = "query ($id: ID!) { workspace(id: $id) { name members { nodes { email } } databases { nodes { host } } } }"
SWITCHED = """query ($id: ID!, $more: Boolean!) { workspace(id: $id) {
    name ... @include(if: $more) { members { totalCount } }
} }"""


async def _asked(tenant: TenantFixture, viewer: str, text: str, **variables: Any) -> Mapping[str, Any]:
    return dict(await tenant.people[viewer].ask(text, id=tenant.identifiers["Workspace"], **variables))


async def test_a_reader_who_is_no_longer_one_is_shown_nothing_by_the_plan_of_before(tenant: TenantFixture) -> None:
    assert (await _asked(tenant, "lecteur", SHARED))["workspace"]["members"] is None
    assert (await _asked(tenant, "owner", SHARED))["workspace"]["members"]["nodes"]

    await tenant.people["owner"].change(
        "unshareWorkspace",
        id=tenant.identifiers["Workspace"],
        email=tenant.names["lecteur"],
    )

    assert await tenant.people["lecteur"].refusal(SHARED, id=tenant.identifiers["Workspace"]) == "NOT_FOUND"


async def test_what_variables_switch_is_read_for_each_request(tenant: TenantFixture) -> None:
    for more in (True, False, True):
        shown = (await _asked(tenant, "owner", SWITCHED, more=more))["workspace"]

        assert ("members" in shown) == more
