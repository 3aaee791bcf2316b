"""docs/observability.md lists what the code tells, no less and no more."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import opentelemetry.semconv
from prometheus_client import REGISTRY

import monitora.server  # noqa: F401 - what it is made of registers its metrics
from monitora.http.metrics import Levels
from resolvers.services import Services

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
LEVELS = {"debug", "info", "warning", "error", "exception"}
CONVENTIONS = ("db", "error", "gen_ai", "graphql", "http", "server", "url")
ATTRIBUTE = re.compile(rf"(?:{'|'.join(CONVENTIONS)}|monitora)(?:\.[a-z0-9_]+)+")
NOT_ATTRIBUTES = {"http.response.start", "http.disconnect", "monitora.db"}
"""Messages of ASGI, and a file."""


def _trees() -> Iterator[ast.AST]:
    for room in ("core", "data", "rag", "resolvers", "schema", "monitora"):
        for path in (ROOT / room).rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _texts() -> set[str]:
    texts = (node.value for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def _calls(owners: set[str], names: set[str]) -> Iterator[ast.expr]:
    """Yield the first argument of every call of one of the names, on one of the owners or on its own."""
    for tree in _trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            match node.func:
                case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in owners and name in names:
                    yield node.args[0]
                case ast.Name(id=name) if name in names and not owners & {"logger"}:
                    yield node.args[0]


def _attributes_in_code() -> set[str]:
    return {text for text in _texts() if ATTRIBUTE.fullmatch(text)} - NOT_ATTRIBUTES


def test_every_line_of_the_log() -> None:
    events = {name.value for name in _calls({"logger"}, LEVELS) if isinstance(name, ast.Constant)}
    table = PAGE.split("## Log")[1].split("## Spans")[0]

    assert set(re.findall(r"^\| `(\w+)` \| (?:debug|info|warning|error)", table, re.MULTILINE)) == events


def test_every_span() -> None:
    first_words = set()
    for name in _calls({"telemetry"}, {"span"}):
        match name:
            case ast.Constant(value=str(text)):
                first_words.add(text)
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                first_words.add(text.strip())

    assert {"answer", "retrieval", "chat", "embeddings", "ingestion", "load", "GraphQL Operation"} <= first_words
    for word in first_words:
        assert re.search(rf"^\|[^|]*`{word}[` ]", PAGE, re.MULTILINE), f"the span {word} is not listed"


def test_every_attribute() -> None:
    listed = set(re.findall(rf"`({ATTRIBUTE.pattern})`", PAGE))

    assert listed == _attributes_in_code()


def test_attributes_are_the_conventions_own() -> None:
    known: set[str] = set()
    for path in Path(*opentelemetry.semconv.__path__).rglob("*_attributes.py"):
        known.update(re.findall(r'Final = "([a-z0-9_.]+)"', path.read_text(encoding="utf-8")))

    ours = {name for name in _attributes_in_code() if not name.startswith("monitora.")}

    assert len(ours) > 20
    assert ours <= known


def test_every_metric(services: Services) -> None:
    families = [*REGISTRY.collect(), *Levels(services).collect()]
    names = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in families
        if family.name.startswith("monitora_")
    }

    assert set(re.findall(r"^\| `(monitora_\w+)`", PAGE, re.MULTILINE)) == names
