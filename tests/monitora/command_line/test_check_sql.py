"""`monitora check-sql` reads statements and writes the guard's verdicts, a line each."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rag.databases.guard import SqlDialect
from tests.support.shop import shop_allow_list


def check_sql(arguments: list[str], lines: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [str(Path(sys.executable).parent / "monitora"), "check-sql", *arguments]
    return subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def allow_file(tmp_path: Path) -> Path:
    file = tmp_path / "allow.json"
    file.write_text(json.dumps({each.value: shop_allow_list(each).to_json() for each in SqlDialect}))
    return file


def test_each_statement_gets_a_verdict(allow_file: Path) -> None:
    # given two statements
    asked = [{"id": "a", "sql": "SELECT id FROM sales"}, {"id": 2, "sql": "SELECT pay FROM wages"}]
    # when they are checked for an engine
    done = check_sql(
        ["--dialect", "mysql", "--allow", str(allow_file)], "\n".join(json.dumps(each) for each in asked) + "\n\n"
    )
    # then each has its verdict, in their order
    answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [
        {
            "id": "a",
            "verdict": "pass",
            "why": None,
            "sql": "SELECT `sales`.`id` FROM `shop`.`sales` AS `sales` LIMIT 200",
        },
        {"id": 2, "verdict": "refuse", "why": "The table wages is not known or not allowed.", "sql": None},
    ]
    assert done.returncode == 0


def test_a_file_without_the_engine_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "allow.json"
    file.write_text("{}")
    done = check_sql(["--dialect", "tsql", "--allow", str(file)], "")
    assert done.returncode == 1
    assert 'holds no allow list of "tsql"' in done.stderr


def test_a_line_that_is_no_statement_is_told_in_one_line(allow_file: Path) -> None:
    done = check_sql(["--dialect", "tsql", "--allow", str(allow_file)], "SELECT 1\n")
    assert done.returncode == 1
    assert "Line 1 is not JSON" in done.stderr
