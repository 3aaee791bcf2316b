"""The committed graph against graphql-eslint: Relay's rules, and a description for every element."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[3]
NODE = ROOT / "tests" / "node"


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
