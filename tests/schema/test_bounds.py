"""Every text, list and number that the graph takes has a bound: each is tried, found in the graph itself."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull, get_named_type

from monitora.settings.settings import Settings
from resolvers.services import Services
from schema import schema
from tests.schema.access.operations import Operation, operations
from tests.schema.access.selection import fields_of
from tests.schema.access.tenant import TenantFixture, furnished
from tests.support.waiting import HANG_SECONDS

LONG = "https://example.com/" + "x" * 100_000
MANY = [f"x{number}.example.com" for number in range(1_000)]
LARGE = 2**31 - 1
TOO_MUCH = {"String": LONG, "URL": LONG, "ID": LONG, "UUID": LONG, "DateTime": LONG, "Date": LONG, "Cursor": LONG}
NUMBERS = {"Int": LARGE, "Float": 1e300}

Path = tuple[str, ...]


@pytest.fixture
async def tenant(services: Services, settings: Settings) -> TenantFixture:
    return await furnished(services, settings.data_dir / "monitora.db")


def _inputs(kind: GraphQLInputType, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path to each value of an argument, with what is too much for it."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    named = get_named_type(kind)
    if isinstance(kind, GraphQLList):
        yield path, MANY
        yield path, ["x" * 100_000]
    elif isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from _inputs(field.type, (*path, name))
    elif named.name in TOO_MUCH | NUMBERS:
        yield path, (TOO_MUCH | NUMBERS)[named.name]


def _hostile(operation: Operation) -> Iterator[tuple[Path, Any, str, dict[str, Any]]]:
    """Yield the operation with one of its inputs too large, for each of them."""
    for argument, definition in fields_of(operation.root)[operation.name].args.items():
        for path, value in _inputs(definition.type, (argument,)):
            declared = f"${argument}: {definition.type}"
            text = f"{operation.root.lower()} ({declared}) {{ {operation.name}({argument}: ${argument}) {{ __typename "
            text += "... on UserError { path } " if operation.root == "Mutation" else ""
            yield path, value, text + "} }", _with(operation.variables, path, value)


def _with(values: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**values, name: _with(values.get(name) or {}, tuple(rest), value) if rest else value}


TAKEN = {
    # What comes after this number is nothing, and a token that is none makes a new visitor.
    ("Subscription.answer", ("after",)),
    ("Mutation.startVisit", ("input", "visitorToken")),
}
"""What is taken however large it is, because nothing is done with its size."""


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
async def test_what_is_too_large_is_refused_whatever_it_is_given_for(tenant: TenantFixture, root: str) -> None:
    taken = []
    for operation in operations(tenant, root):
        for path, value, text, variables in _hostile(operation):
            if not await _is_refused(tenant, root, text, variables):
                taken.append((f"{root}.{operation.name}", path, str(value)[:30]))

    assert [found for found in taken if found[:2] not in TAKEN] == []


async def _is_refused(tenant: TenantFixture, root: str, text: str, variables: dict[str, Any]) -> bool:
    owner = tenant.people["owner"]
    if root == "Subscription":
        context = await owner.context()
        async with asyncio.timeout(HANG_SECONDS):
            async for event in await schema.subscribe(text, variable_values=variables, context_value=context):
                return bool(event.errors)
        return False
    result = await owner.execute(text, **variables)
    if result.errors:
        assert result.errors[0].extensions
        assert result.errors[0].extensions["code"] != "INTERNAL", (text, result.errors)
        return True
    answers = (result.data or {}).values()
    return any(answer and answer["__typename"] == "InvalidInput" for answer in answers)
