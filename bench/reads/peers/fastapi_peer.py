"""The same answers from routes of FastAPI, whose models Pydantic checks and writes as JSON in one go each.

The routes are `async` although they wait for SQLite: handing each to a thread costs more than the statements do.
"""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

from bench.reads.peers import rows

Item = TypeVar("Item")


class Nodes(BaseModel, Generic[Item]):
    nodes: list[Item]


class Message(BaseModel):
    id: str
    role: Literal["user", "assistant"]
    content: str
    ragScore: float | None  # noqa: N815 - the field's name in the answer
    feedback: int | None
    createdAt: datetime  # noqa: N815


class Conversation(BaseModel):
    id: str
    title: str | None
    messages: Nodes[Message]


class WithConversations(BaseModel):
    conversations: Nodes[Conversation]


class Workspace(BaseModel):
    id: str
    name: str
    isActive: bool  # noqa: N815
    createdAt: datetime  # noqa: N815


class Tree(BaseModel):
    workspace: WithConversations


class Workspaces(BaseModel):
    workspaces: Nodes[Workspace]


class Typename(BaseModel):
    typename: str = Field(alias="__typename")


class Answer(BaseModel, Generic[Item]):
    data: Item


class TreeAsked(BaseModel):
    id: str
    conversations: int
    messages: int


class ListAsked(BaseModel):
    first: int


app = FastAPI()
MESSAGE = ("id", "role", "content", "ragScore", "feedback", "createdAt")
WORKSPACE = ("id", "name", "isActive", "createdAt")


async def owner(authorization: Annotated[str | None, Header()] = None) -> str:
    """Return the account whose token the header holds."""
    found = rows.owner_of(authorization)
    if found is None:
        raise HTTPException(401)
    return found


Owner = Annotated[str, Depends(owner)]


@app.post("/workspace", response_model=Answer[Tree])
async def workspace(asked: TreeAsked, owner: Owner) -> Any:
    if rows.workspace(owner, asked.id) is None:
        raise HTTPException(404)
    conversations = rows.conversations(asked.id, asked.conversations)
    written: dict[str, list[dict[str, Any]]] = {key: [] for key, _ in conversations}
    for conversation_id, *values in rows.messages(list(written)):
        written[conversation_id].append(dict(zip(MESSAGE, values, strict=True)))
    nodes = [
        {"id": key, "title": title, "messages": {"nodes": written[key][: asked.messages]}}
        for key, title in conversations
    ]
    return {"data": {"workspace": {"conversations": {"nodes": nodes}}}}


@app.post("/workspaces", response_model=Answer[Workspaces])
async def workspaces(asked: ListAsked, owner: Owner) -> Any:
    nodes = [dict(zip(WORKSPACE, row, strict=True)) for row in rows.workspaces(owner, asked.first)]
    return {"data": {"workspaces": {"nodes": nodes}}}


@app.post("/typename", response_model=Answer[Typename])
async def typename(_owner: Owner) -> Any:
    return {"data": {"__typename": "Query"}}
