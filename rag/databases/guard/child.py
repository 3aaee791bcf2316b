"""The work of a child process: one statement is checked. The fork server imports this module, and with it all of it.

Parsing a statement can take for ever, or all memory. A child has a limit of each.
"""

import importlib
import json
import logging
import os
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import optimizer

from rag.databases.guard.allowed import SqlDialect, read_allow_list
from rag.databases.guard.check import check
from rag.databases.guard.refusal import Refused
from rag.databases.guard.request import MAX_REQUEST_BYTES
from rag.ingestion.reader.frames import Frame, frame

_SMALLEST = {
    SqlDialect.POSTGRES: "SELECT CAST(a AS DATE) FROM t",
    SqlDialect.MYSQL: "SELECT CAST(a AS DATE) FROM t",
    SqlDialect.TSQL: "SELECT TOP 1 CAST(a AS DATE) FROM t",
}


def _load() -> None:
    """Load what sqlglot loads when it first needs it, which a child could not."""
    for module in pkgutil.walk_packages(optimizer.__path__, f"{optimizer.__name__}."):
        importlib.import_module(module.name)
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it would print parts of statements
    for dialect, sql in _SMALLEST.items():
        value = {"database": "d", "schema": "s", "tables": {"t": ["a"]}, "functions": ["cast"]}
        check(sql, read_allow_list(value, dialect))


_load()


def check_statement(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the frame of a verdict. `file` is the descriptor of what `SqlGuard` asks, as JSON."""
    asked = json.loads(os.pread(file, MAX_REQUEST_BYTES, 0))
    allowed = read_allow_list(asked["allowed"], SqlDialect(request["dialect"]))
    try:
        verdict = {"sql": check(asked["sql"], allowed)}
    except Refused as refused:
        verdict = {"why": str(refused)}
    except RecursionError:
        verdict = {"why": "The statement nests too deep."}
    yield frame(Frame.VERDICT, json.dumps(verdict).encode())
