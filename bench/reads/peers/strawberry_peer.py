"""The same part of the graph on stock Strawberry, as its documentation shows: types, a DataLoader, its ASGI view."""

from collections import defaultdict
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from bench.reads.peers import rows


@strawberry.enum
class MessageRole(Enum):
    USER = "user"
    ASSISTANT = "assistant"


@strawberry.type
class Message:
    id: strawberry.ID
    role: MessageRole
    content: str
    rag_score: float | None
    feedback: int | None
    created_at: datetime


@strawberry.type
class MessageConnection:
    nodes: list[Message]


async def load_messages(conversation_ids: list[str]) -> list[list[Message]]:
    """Return the messages of each conversation."""
    found = defaultdict(list)
    for conversation_id, key, role, content, score, feedback, created_at in rows.messages(conversation_ids):
        moment = datetime.fromisoformat(created_at)
        found[conversation_id].append(
            Message(
                id=strawberry.ID(key),
                role=MessageRole(role),
                content=content,
                rag_score=score,
                feedback=feedback,
                created_at=moment,
            )
        )
    return [found[key] for key in conversation_ids]


@strawberry.type
class Conversation:
    id: strawberry.ID
    title: str | None

    @strawberry.field
    async def messages(self, info: Info, first: int = 20) -> MessageConnection:
        return MessageConnection(nodes=(await info.context["messages"].load(self.id))[:first])


@strawberry.type
class ConversationConnection:
    nodes: list[Conversation]


@strawberry.type
class Workspace:
    id: strawberry.ID
    name: str
    is_active: bool
    created_at: datetime

    @strawberry.field
    async def conversations(self, first: int = 20) -> ConversationConnection:
        found = rows.conversations(self.id, first)
        nodes = [Conversation(id=strawberry.ID(key), title=title) for key, title in found]
        return ConversationConnection(nodes=nodes)


@strawberry.type
class WorkspaceConnection:
    nodes: list[Workspace]


def _workspace(row: rows.Workspace) -> Workspace:
    key, name, is_active, created_at = row
    moment = datetime.fromisoformat(created_at)
    return Workspace(id=strawberry.ID(key), name=name, is_active=bool(is_active), created_at=moment)


@strawberry.type
class Query:
    @strawberry.field
    async def workspace(self, info: Info, id: strawberry.ID) -> Workspace | None:  # noqa: A002 - the argument's name
        found = rows.workspace(info.context["owner"], id)
        return None if found is None else _workspace(found)

    @strawberry.field
    async def workspaces(self, info: Info, first: int = 20) -> WorkspaceConnection:
        found = rows.workspaces(info.context["owner"], first)
        return WorkspaceConnection(nodes=[_workspace(row) for row in found])


class Graph(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
        owner = rows.owner_of(request.headers.get("authorization"))
        if owner is None:
            raise HTTPException(401, "Log in.")
        return {"owner": owner, "messages": DataLoader(load_messages)}


app = Graph(strawberry.Schema(Query))
