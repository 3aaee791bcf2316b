"""docs/security.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = sorted(set(re.findall(r"`([\w/]+\.(?:py|ts)::[^`]+)`", (ROOT / "docs" / "security.md").read_text("utf-8"))))


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    text = (ROOT / path).read_text("utf-8")

    assert f"def {name}(" in text if path.endswith(".py") else f'test("{name}"' in text
