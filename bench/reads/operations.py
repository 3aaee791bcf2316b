"""The three operations, as each kind of server is asked for them, and what makes two answers the same."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

CONVERSATIONS = 20
MESSAGES = 20
WORKSPACES = 10

_TREE = """query ($id: ID!) { workspace(id: $id) { conversations(first: 20) { nodes { id title
  messages(first: 20) { nodes { id role content ragScore feedback createdAt } } } } } }"""
_LIST = "{ workspaces(first: 10) { nodes { id name isActive createdAt } } }"
_TYPENAME = "{ __typename }"


class Operation(StrEnum):
    """What is asked for. The value is its name in the table."""

    TREE = "tree of 400 messages"
    LIST = "list of 10 workspaces"
    TYPENAME = "`{ __typename }`"


@dataclass(frozen=True)
class Call:
    """A path and the JSON that is posted to it."""

    path: str
    body: dict[str, Any]


def graphql(workspace_id: str) -> dict[Operation, Call]:
    """Return the operations as a server of the graph is asked for them."""
    return {
        Operation.TREE: Call("/graphql", {"query": _TREE, "variables": {"id": workspace_id}}),
        Operation.LIST: Call("/graphql", {"query": _LIST}),
        Operation.TYPENAME: Call("/graphql", {"query": _TYPENAME}),
    }


def rest(workspace_id: str) -> dict[Operation, Call]:
    """Return the operations as routes that answer with the same JSON."""
    return {
        Operation.TREE: Call("/workspace", {"id": workspace_id, "conversations": CONVERSATIONS, "messages": MESSAGES}),
        Operation.LIST: Call("/workspaces", {"first": WORKSPACES}),
        Operation.TYPENAME: Call("/typename", {}),
    }


def bare() -> dict[Operation, Call]:
    """Return the one operation of a server without rows."""
    return {Operation.TYPENAME: Call("/hello", {})}


def comparable(answer: bytes) -> Any:
    """Return what an answer says, whichever way its server writes identifiers, moments and roles."""
    return _comparable(json.loads(answer))


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if isinstance(value, dict):
        return {name: _READ[name](each) if name in _READ else _comparable(each) for name, each in value.items()}
    return value


def _key(identifier: str) -> str:
    if len(identifier) == 32:
        return identifier
    return base64.urlsafe_b64decode(identifier).decode().rpartition(":")[2]


_READ: dict[str, Callable[[str], Any]] = {"id": _key, "createdAt": datetime.fromisoformat, "role": str.upper}
