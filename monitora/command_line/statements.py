"""`check-sql`: statements in, each with the guard's verdict out. No database is asked."""

import asyncio
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from monitora.command_line.logging import configure_logging
from monitora.command_line.root import CommandError, commands, run
from rag.databases.guard import AllowList, SqlDialect, SqlGuard, Verdict, read_allow_list

_AT_ONCE = 8
"""Statements that are checked at the same time."""


@commands.command("check-sql")
@click.option("--dialect", type=click.Choice([each.value for each in SqlDialect]), required=True, help="The engine.")
@click.option(
    "--allow",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A JSON file: by dialect, the schema, tables, columns and functions that statements may name.",
)
def check_sql(dialect: str, file: Path) -> None:
    """Check statements for a customer's database, as the guard of answers does.

    Reads one JSON object a line, {"id": …, "sql": "…"}, and writes one for each: {"id": …, "verdict": "pass" or
    "refuse", "why": "…", "sql": "…"}, where "sql" is the text that would be run.
    """
    configure_logging("warning", "text")
    allowed = _allow_list(file, SqlDialect(dialect))
    run(lambda: _check(allowed))


def _allow_list(file: Path, dialect: SqlDialect) -> AllowList:
    try:
        lists = json.loads(file.read_bytes())
        return read_allow_list(lists.get(dialect.value) if isinstance(lists, dict) else None, dialect)
    except ValueError as error:
        raise CommandError(f'{file} holds no allow list of "{dialect}": {error}') from error


async def _check(allowed: AllowList) -> None:
    guard = SqlGuard()
    try:
        statements = _statements()
        while batch := list(islice(statements, _AT_ONCE)):
            for (key, _), verdict in zip(
                batch, await asyncio.gather(*(guard.check(sql, allowed) for _, sql in batch)), strict=True
            ):
                click.echo(json.dumps({"id": key, **_described(verdict)}, ensure_ascii=False))
    finally:
        await guard.close()


def _described(verdict: Verdict) -> dict[str, str | None]:
    return {"verdict": "refuse" if verdict.sql is None else "pass", "why": verdict.why, "sql": verdict.sql}


def _statements() -> Iterator[tuple[Any, str]]:
    """Read the statements of standard input. Raises `CommandError` for a line that is none."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            match json.loads(line):
                case {"sql": str(sql), **rest}:
                    yield rest.get("id"), sql
                    continue
        except ValueError:
            pass
        raise CommandError(f'Line {number} is not JSON such as {{"id": 1, "sql": "SELECT 1"}}.')
