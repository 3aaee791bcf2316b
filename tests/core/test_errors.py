"""One tree of errors, and one list of codes, for every room."""

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ErrorCode, UserError
from rag.parsing import UnreadableDocument

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "data", "rag", "resolvers", "schema", "monitora")


def _literal_codes(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ErrorCode.__members__:
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"


def test_a_code_is_written_as_a_member_of_the_list_and_never_as_a_text() -> None:
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]

    written = [place for path in paths if path != ROOT / "core" / "errors.py" for place in _literal_codes(path)]

    assert len(paths) > 100
    assert written == []


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_says_what_went_wrong(code: ErrorCode) -> None:
    assert code.value == code.name
    assert code.description.endswith(".")


@pytest.mark.parametrize("kind", [UserError, UnreadableDocument])
def test_an_error_is_the_same_in_another_process(kind: type[UserError]) -> None:
    error = kind(ErrorCode.FILE_UNREADABLE, "The file is damaged.", ["file"])

    received = pickle.loads(pickle.dumps(error))

    assert type(received) is kind
    assert (received.code, received.message, received.path) == (error.code, error.message, error.path)
    assert str(received) == "The file is damaged."
