"""The statements of the Python peers: the columns that are asked for, by the driver of the standard library.

A token is looked up by its hash among the sessions that have not expired, at each request as Monitora does.
"""

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

DATABASE = "BENCH_DATABASE"
"""The environment variable that names the file."""
OPEN = "BENCH_OPEN"
"""The environment variable that, when set, lets requests in without a look at their token."""

connection = sqlite3.connect(os.environ[DATABASE], isolation_level=None, check_same_thread=False)
connection.execute("PRAGMA query_only = ON")
(_ONLY_OWNER,) = connection.execute("SELECT id FROM app_users").fetchone()
_IS_OPEN = bool(os.environ.get(OPEN))


def owner_of(authorization: str | None) -> str | None:
    """Return the account whose token a header holds, or None for any other."""
    if _IS_OPEN:
        return str(_ONLY_OWNER)
    token = (authorization or "").removeprefix("Bearer ")
    found = connection.execute(
        "SELECT user_id FROM app_sessions WHERE token_hash = ? AND expires_at > ?",
        (hashlib.sha256(token.encode()).hexdigest(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")),
    ).fetchone()
    return None if found is None else str(found[0])


Workspace = tuple[str, str, int, str]
"""Its id, name, is_active and created_at."""
_WORKSPACES = "SELECT id, name, is_active, created_at || 'Z' FROM workspaces"


def workspaces(owner: str, first: int) -> list[Workspace]:
    """Return the workspaces of an account, oldest first."""
    statement = f"{_WORKSPACES} WHERE user_id = ? ORDER BY created_at, id LIMIT ?"
    return connection.execute(statement, (owner, first)).fetchall()


def workspace(owner: str, key: str) -> Workspace | None:
    """Return a workspace of an account, or None for another."""
    found: Workspace | None = connection.execute(f"{_WORKSPACES} WHERE id = ? AND user_id = ?", (key, owner)).fetchone()
    return found


def conversations(workspace_id: str, first: int) -> list[tuple[str, str | None]]:
    """Return id and title, newest first."""
    return connection.execute(
        "SELECT id, title FROM conversations WHERE workspace_id = ? ORDER BY created_at DESC, id DESC LIMIT ?",
        (workspace_id, first),
    ).fetchall()


Message = tuple[str, str, str, str, float | None, int | None, str]
"""Its conversation_id, id, role, content, rag_score, feedback and created_at."""


def messages(conversation_ids: Sequence[str]) -> list[Message]:
    """Return all messages of conversations, oldest first."""
    places = ", ".join("?" * len(conversation_ids))
    return connection.execute(
        "SELECT conversation_id, id, role, content, rag_score, feedback, created_at || 'Z' FROM messages"
        f" WHERE conversation_id IN ({places}) ORDER BY conversation_id, created_at, id",
        conversation_ids,
    ).fetchall()
