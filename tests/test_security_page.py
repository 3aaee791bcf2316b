"""docs/security.md and docs/reliability.md name tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("security.md", "reliability.md")
NAMED = sorted(
    {
        named
        for page in PAGES
        for named in re.findall(r"`([\w/]+\.(?:py|ts)::[^`]+)`", (ROOT / "docs" / page).read_text("utf-8"))
    }
)


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    text = (ROOT / path).read_text("utf-8")

    assert f"def {name}(" in text if path.endswith(".py") else f'test("{name}"' in text


def test_each_fault_has_its_proof() -> None:
    rows = re.findall(r"^\| (?!fault|---)(.+) \|$", (ROOT / "docs" / "reliability.md").read_text("utf-8"), re.MULTILINE)

    assert rows
    for row in rows:
        *columns, proof = row.split(" | ")
        assert len(columns) == 4, row
        assert "::" in proof or proof == "the same", row
