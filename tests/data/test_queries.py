"""Every statement is in `data/queries`: the rooms above know rows and queries, and no SQL."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("room", ["rag", "resolvers", "schema"])
def test_no_statement_is_written_outside_the_data_room(room: str) -> None:
    paths = list((ROOT / room).rglob("*.py"))

    importing = [
        str(path.relative_to(ROOT))
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("sqlalchemy") for name in node.names))
    ]

    assert len(paths) > 5
    assert importing == []


def test_the_data_room_knows_nothing_of_the_graph() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "data").rglob("*.py")}

    assert [path for path, text in texts.items() if "strawberry" in text.casefold()] == []
