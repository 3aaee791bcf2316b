"""What a client gives an operation, in its text and in its variables: bounded before it is validated or coerced."""

import io
from typing import Any

import pytest
from graphql import parse, validate
from starlette.datastructures import UploadFile

from resolvers.errors import BadInput
from schema.execution import validation_cache
from schema.execution.given_values import check_files, check_literals, check_variables
from schema.execution.response_budget import BudgetedExecutor
from schema.execution.validation_cache import named_operation
from tests.support.people import People, Shop

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server goes on to do with an operation: "validate", and "coerce" its variables."""
    done: list[str] = []
    build = BudgetedExecutor.build

    def validated(*arguments: Any, **options: Any) -> Any:
        done.append("validate")
        return validate(*arguments, **options)

    def built(*arguments: Any, **options: Any) -> Any:
        done.append("coerce")
        return build(*arguments, **options)

    monkeypatch.setattr(validation_cache, "validate", validated)
    monkeypatch.setattr(BudgetedExecutor, "build", built)
    return done


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"input": {f"key{i}": 1 for i in range(80_000)}}, "more than 500 values"),
        ({f"key{i}": 1 for i in range(80_000)}, "more than 500 values"),
        ({"input": {"email": ["a"] * 100_000}}, "more than 500 values"),
        ({"input": [[1] * 40] * 40}, "more than 500 values"),
        ({"input": {"email": _nested(30)}}, "nested in more than 20 levels"),
        ({"input": {"email": "a" * 900_000}}, "more than 100,000 characters"),
        ({"input": {"k" * 900_000: 1}}, "255 at most"),
    ],
    ids=["keys", "variables", "list", "lists", "nesting", "text", "key"],
)
async def test_variables_beyond_their_bounds_are_refused_before_anything_is_done_with_them(
    people: People, work: list[str], variables: dict[str, Any], says: str
) -> None:
    result = await people.anyone.execute(LOGIN, **variables)

    assert result.errors
    (error,) = result.errors
    assert (error.extensions or {})["code"] == "BAD_USER_INPUT"
    assert says in error.message
    assert work == []


def test_variables_within_their_bounds_are_taken() -> None:
    check_variables({"input": {"a": [1] * 480, "text": "a" * 100_000, "k" * 255: _nested(15)}})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("{" + " ".join(f"k{i}: 1" for i in range(150)) + "}", "more than 100 values"),
        ("[" + "1 " * 150 + "]", "more than 100 values"),
        ("[" * 120 + "]" * 120, "more than 100 values"),
        ("9" * 90_000, "longer than 400 digits"),
        ("1" + "0" * 500 + ".5e10", "longer than 400 digits"),
    ],
    ids=["keys", "list", "nesting", "integer", "float"],
)
@pytest.mark.parametrize(
    "text",
    [
        "mutation {{ login(input: {}) {{ __typename }} }}",
        "query ($input: LoginInput = {}) {{ me {{ id }} }}",
        "{{ me {{ id @include(if: {}) }} }}",
        "{{ me {{ ...F }} }} fragment F on User {{ sessions(first: {}) {{ nodes {{ id }} }} }}",
    ],
    ids=["argument", "default", "directive", "fragment"],
)
async def test_values_beyond_their_bounds_are_refused_before_they_are_validated(
    people: People, work: list[str], text: str, values: str, says: str
) -> None:
    result = await people.anyone.execute(text.format(values))

    assert result.errors
    (error,) = result.errors
    assert (error.extensions or {})["code"] == "BAD_USER_INPUT"
    assert says in error.message
    assert work == []


def test_values_within_their_bounds_are_taken() -> None:
    check_literals(parse("{ me { sessions(first: 10, after: [" + "1 " * 90 + "]) { nodes { id } } } }"))


async def test_validation_ends_at_the_fifth_error(people: People) -> None:
    result = await people.anyone.execute("{ me {" + " ".join(f"emali{i}" for i in range(400)) + "} }")

    assert result.errors
    assert len(result.errors) == 5
    assert "Did you mean 'email'?" in result.errors[0].message


async def test_a_text_that_cannot_be_parsed_is_read_once(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counted(text: str, **options: Any) -> Any:
        parsed.append(text)
        return parse(text, **options)

    monkeypatch.setattr(validation_cache, "parse", counted)
    monkeypatch.setattr("strawberry.schema.schema.parse", counted)

    assert await people.anyone.refusal("{ me { id ") == "BAD_USER_INPUT"
    assert len(parsed) == 1


def _file() -> UploadFile:
    return UploadFile(io.BytesIO(b"# Opening hours\n\nFrom nine to five.\n"), filename="hours.md")


UPLOADS = "".join(f"a{i}: uploadDocument(input: $input) {{ __typename }} " for i in range(20))


@pytest.mark.parametrize(
    "text",
    [
        "mutation ($input: UploadDocumentInput!) {" + UPLOADS + "}",
        "mutation ($input: UploadDocumentInput!) { ...F } fragment F on Mutation {" + UPLOADS + "}",
        """mutation ($file: Upload!, $id: ID!) {
            a: uploadDocument(input: {workspaceId: $id, file: $file}) { __typename }
            b: uploadDocument(input: {workspaceId: $id, file: $file}) { __typename }
        }""",
    ],
    ids=["aliases", "fragment", "literals"],
)
async def test_a_file_used_by_several_fields_is_refused_and_nothing_is_stored(people: People, text: str) -> None:
    shop = await people.shop()
    variables = {"input": {"workspaceId": shop.id, "file": _file()}, "file": _file(), "id": shop.id}
    used = {name: value for name, value in variables.items() if f"${name}:" in text}

    result = await shop.owner.execute(text, **used)

    assert result.errors
    (error,) = result.errors
    assert (error.extensions or {})["code"] == "BAD_USER_INPUT"
    assert "used by one field alone" in error.message
    assert await _documents(shop) == 0


async def test_one_file_in_two_variables_is_refused(people: People) -> None:
    shop, file = await people.shop(), _file()
    text = """mutation ($one: UploadDocumentInput!, $two: UploadDocumentInput!) {
        a: uploadDocument(input: $one) { __typename } b: uploadDocument(input: $two) { __typename } }"""
    one, two = ({"workspaceId": shop.id, "file": file} for _ in range(2))

    assert await shop.owner.refusal(text, one=one, two=two) == "BAD_USER_INPUT"
    assert await _documents(shop) == 0


async def test_two_files_for_two_fields_are_taken(people: People) -> None:
    shop = await people.shop()
    text = """mutation ($one: UploadDocumentInput!, $two: UploadDocumentInput!) {
        a: uploadDocument(input: $one) { __typename } b: uploadDocument(input: $two) { __typename } }"""
    one, two = ({"workspaceId": shop.id, "file": _file(), "allowDuplicate": True} for _ in range(2))

    await shop.owner.ask(text, one=one, two=two)

    assert await _documents(shop) == 2


def test_the_operations_of_a_document_that_are_not_run_may_use_the_file_too() -> None:
    document = parse(
        "mutation A($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }"
        "mutation B($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }"
    )

    check_files(document, named_operation(document, "A"), {"f": _file()})
    with pytest.raises(BadInput):
        check_files(document, named_operation(document, "A"), {"f": (file := _file()), "g": [file]})


async def _documents(shop: Shop) -> int:
    query = "query ($id: ID!) { workspace(id: $id) { documents { totalCount } } }"
    return int((await shop.owner.ask(query, id=shop.id))["workspace"]["documents"]["totalCount"])
