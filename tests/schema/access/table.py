"""The table of `schema/access.md`, read."""

from functools import cache
from pathlib import Path

from graphql import GraphQLObjectType

from tests.schema.access.selection import GRAPH, fields_of, is_user_error
from tests.schema.access.tenant import VIEWERS

FILE = Path(__file__).parents[3] / "schema" / "access.md"
ROOTS = ("Query", "Mutation", "Subscription")
UNREACHED = "–"


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return the outcome of each viewer, by row."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("| `") and "." in line]
    table = {}
    for line in lines:
        name, *outcomes = (cell.strip() for cell in line.strip("|").split("|"))
        if len(outcomes) == len(VIEWERS):
            assert name.strip("`") not in table, f"{name} is in schema/access.md twice"
            table[name.strip("`")] = dict(zip(VIEWERS, outcomes, strict=True))
    return table


def row_of(name: str) -> str | None:
    """Return the row that speaks of a field or an operation, or None."""
    every = f"{name.split('.', maxsplit=1)[0]}.*"
    return next((row for row in (name, every) if row in rows()), None)


def fields_of_types() -> list[str]:
    """Return every field of the graph that needs a row, the roots' aside."""
    kinds = [kind for kind in GRAPH.type_map.values() if isinstance(kind, GraphQLObjectType)]
    asked = [kind for kind in kinds if not kind.name.startswith("__") and kind.name not in ROOTS]
    return [f"{kind.name}.{name}" for kind in asked if not is_user_error(kind) for name in fields_of(kind.name)]
