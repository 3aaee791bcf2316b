"""The committed graph against graphql-eslint: Relay's rules, and a description for every element."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type

from tests.support.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[3]
NODE = ROOT / "tests" / "node"


def test_what_is_listed_has_an_identifier_but_for_members_passages_and_pages() -> None:
    graph = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    edges = [kind for name, kind in graph.type_map.items() if name.endswith("Edge")]
    listed = {get_named_type(edge.fields["node"].type) for edge in edges if isinstance(edge, GraphQLObjectType)}

    without = {kind.name for kind in listed if "id" not in getattr(kind, "fields", {})}

    assert without == {"Passage", "WebsitePage", "WorkspaceMember"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node, which runs the lint")
@pytest.mark.skipif(not (NODE / "node_modules").exists(), reason="no lint: run `npm ci` in tests/node")
def test_the_graph_keeps_relay_s_rules_and_describes_everything() -> None:
    run = subprocess.run(
        ["node", NODE / "relay.mjs", ROOT / "schema.graphql"],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == []
