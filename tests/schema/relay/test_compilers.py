"""The committed graph against the compilers of front ends: Relay's and GraphQL Code Generator's.

Each operation selects all that its result can be, with `... on UserError { code message path }` beside it.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLScalarType, build_schema, is_specified_scalar_type, parse, validate

from tests.support.generated_operations import Generator

ROOT = Path(__file__).parents[3]
NODE = ROOT / "tests" / "node"
SCHEMA = ROOT / "schema.graphql"
SCALARS = {
    "Cursor": "string",
    "Date": "string",
    "DateTime": "string",
    "URL": "string",
    "UUID": "string",
    "Upload": "Blob",
}
"""The TypeScript type of each scalar of the graph's own."""
TWO_SHAPES = """
type Query { ask: AskResult! }
union AskResult = Answer | Refused
type Answer { message: Message! }
type Message { id: ID! }
interface UserError { code: String! message: String! path: [String!] }
type Refused implements UserError { code: String! message: String! path: [String!] }
"""
TWO_NULLABILITIES = TWO_SHAPES.replace("{ message: Message! }", "{ message: String }")

pytestmark = pytest.mark.slow
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node, which runs the compilers")
needs_compilers = pytest.mark.skipif(
    not (NODE / "node_modules").exists(), reason="no compilers: run `npm ci` in tests/node"
)


def _operations(schema: str) -> list[str]:
    return list(Generator(build_schema(schema)).operations())


def _compile(folder: Path, schema: str) -> subprocess.CompletedProcess[str]:
    """Run both compilers on the operations generated from a schema; the code is written to `folder`/code."""
    files = {
        "schema.graphql": schema,
        "all.graphql": "\n".join(_operations(schema)),
        "scalars.json": json.dumps(SCALARS),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    command: list[str | Path] = ["node", NODE / "compile.mjs", *(folder / name for name in files), folder / "code"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_every_root_field_has_its_operation_and_every_scalar_its_type() -> None:
    schema = build_schema(SCHEMA.read_text(encoding="utf-8"))
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)

    operations = " ".join(_operations(SCHEMA.read_text(encoding="utf-8")))

    names = [f" {name}" for root in roots if root for name in root.fields]
    assert [name for name in names if name not in operations] == []
    own = {name for name, kind in schema.type_map.items() if isinstance(kind, GraphQLScalarType)}
    assert {name for name in own if not is_specified_scalar_type(schema.type_map[name])} == set(SCALARS)


def test_no_field_has_two_shapes_in_one_result() -> None:
    """What the compilers refuse first, found without Node.js."""
    text = SCHEMA.read_text(encoding="utf-8")

    faults = validate(build_schema(text), parse("\n".join(_operations(text))))

    assert [fault.message for fault in faults] == []


@needs_node
@needs_compilers
def test_both_compilers_take_every_operation(tmp_path: Path) -> None:
    text = SCHEMA.read_text(encoding="utf-8")

    run = _compile(tmp_path, text)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == ["graphql-codegen: compiled", "relay-compiler: compiled"]
    assert len(list((tmp_path / "code" / "artefacts").glob("*.graphql.ts"))) == len(_operations(text))
    assert ": any;" not in (tmp_path / "code" / "types.ts").read_text(encoding="utf-8")


@needs_node
@needs_compilers
@pytest.mark.parametrize("schema", [TWO_SHAPES, TWO_NULLABILITIES])
def test_both_compilers_refuse_a_field_with_two_shapes(tmp_path: Path, schema: str) -> None:
    run = _compile(tmp_path, schema)

    assert run.returncode == 1
    assert "graphql-codegen: refused" in run.stdout
    assert "relay-compiler: refused" in run.stdout


@needs_node
@needs_compilers
def test_both_compilers_refuse_a_scalar_without_a_type(tmp_path: Path) -> None:
    run = _compile(tmp_path, "scalar Colour\ntype Query { colour: Colour }")

    assert run.returncode == 1
    assert "graphql-codegen: refused" in run.stdout
    assert "relay-compiler: refused" in run.stdout
