"""What is noted of an operation, and what an operation that cannot even begin tells."""

import pytest
from strawberry.types import ExecutionResult

from resolvers.context import Context
from schema import schema
from tests.support.people import People


async def test_an_operation_that_cannot_begin_tells_nothing_of_why(
    people: People, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(self: Context) -> None:
        raise RuntimeError("the address of the counters")

    monkeypatch.setattr(Context, "admit", broken)

    result = await people.anyone.execute("{ __typename }")

    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL"
    assert error.extensions["requestId"]
    assert "address" not in error.message
    assert "the address of the counters" in capsys.readouterr().out, "the log says why"


async def test_the_codes_of_errors_and_of_rejections_are_noted(people: People) -> None:
    shop = await people.shop()
    context = await shop.owner.context()
    text = "mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { __typename } }"

    await schema.execute(text, variable_values={"input": {"name": ""}}, context_value=context)
    assert context.codes == {"BAD_USER_INPUT"}
    await schema.execute('{ node(id: "nonsense") { id } }', context_value=context)
    assert context.codes == {"BAD_USER_INPUT", "NOT_FOUND"}

    visitor = await (await shop.visitor()).context()
    await schema.execute("{ me { email } workspaces { totalCount } }", context_value=visitor)
    assert "FORBIDDEN" in visitor.codes


async def test_the_workspace_that_staff_named_is_noted(people: People) -> None:
    shop = await people.shop()
    context = await shop.owner.context()
    text = "mutation ($input: UpdateWorkspaceInput!) { updateWorkspace(input: $input) { __typename } }"

    await schema.execute(text, variable_values={"input": {"id": shop.id, "name": "Other"}}, context_value=context)

    assert context.workspace_id is not None


@pytest.mark.parametrize("name", ["ada@example.com", "A\x1b[2J", "A\n2026-01-01", "\ud800", ""])
async def test_what_is_no_name_of_an_operation_is_not_logged_as_one(
    people: People, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    context = await people.anyone.context()

    result = await schema.execute("query A { __typename }", context_value=context, operation_name=name)

    assert isinstance(result, ExecutionResult)
    assert result.errors
    assert "name=None" in capsys.readouterr().out
