"""The audits of npm's `graphql-http`, run against the real server: each is a test, under its own id."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS

NODE = Path(__file__).parents[1] / "node"
# fmt: off
AUDITS = [
    "0220", "0221", "0222", "03D4", "13EE", "1B7A", "22EB", "28B9", "2C94", "2EA1", "34A2", "3E3A", "423L",
    "428F", "4655", "4760", "4761", "4762", "4763", "47DE", "51FE", "556A", "572B", "58B0", "58B1", "58B2",
    "58B3", "5A70", "5E5B", "6A70", "6C00", "6C01", "6C02", "6C03", "74FF", "78D5", "7B9B", "80D8", "8161",
    "82A3", "865D", "86EE", "8764", "94B0", "94B1", "94B2", "9ABE", "9C48", "A5BF", "B6DC", "B7N8", "B8B3",
    "BCF8", "BF61", "D586", "D6D5", "FDE2", "LKJ0", "LKJ1", "LKJ2", "LKJ3",
]
# fmt: on

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no node, which runs the audits"),
    pytest.mark.skipif(not (NODE / "node_modules").exists(), reason="no audits: run `npm ci` in tests/node"),
]


@pytest.fixture(scope="session")
def outcomes(server: Server) -> dict[str, Any]:
    """What each audit found."""
    run = subprocess.run(
        ["node", NODE / "audits.mjs", server.http], capture_output=True, text=True, check=False, timeout=HANG_SECONDS
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.mark.parametrize("audit", AUDITS)
def test_audit(audit: str, outcomes: dict[str, Any]) -> None:
    assert outcomes[audit]["status"] == "ok", f"{outcomes[audit]['name']}: {outcomes[audit]['reason']}"


def test_there_is_a_test_for_every_audit(outcomes: dict[str, Any]) -> None:
    assert set(outcomes) == set(AUDITS)
