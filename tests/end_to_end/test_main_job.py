"""The main job, as a company and its visitor live it, against the real server process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.rag.parsing.pdf_files import make_pdf
from tests.support.client import FrontEnd
from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS

REGISTER = """mutation ($input: RegisterInput!) { register(input: $input) {
    ... on Session { accessToken refreshToken user { email role } } ... on UserError { code message } } }"""
CREATE_WORKSPACE = """mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) {
    ... on CreateWorkspacePayload { workspace { id name } } ... on UserError { code message } } }"""
UPLOAD = """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { id status } } ... on UserError { code message } } }"""
PROGRESS = """subscription ($id: ID!) { documentProgress(workspaceId: $id) {
    status progress error document { name chunkCount } } }"""
CREATE_KEY = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    ... on CreateApiKeyPayload { secret apiKey { keyPrefix } } ... on UserError { code message } } }"""
START_VISIT = """mutation ($input: StartVisitInput!) { startVisit(input: $input) {
    ... on Visit { token visitorId expiresAt widget { title } } ... on UserError { code message } } }"""
CHAT = """subscription ($input: ChatInput!) { chat(input: $input) {
    __typename answerId sequence
    ... on AnswerStarted { conversation { id } message { id content } sources { documentName location excerpt } }
    ... on AnswerDelta { text }
    ... on AnswerFinished { message { id content tokensUsed ragScore cached sources { documentName location } } }
    ... on AnswerFailed { code text retryable } } }"""
HISTORY = """query ($id: ID!) { conversation(id: $id) { messageCount messages {
    nodes { id role content feedback } } } }"""
RATE = """mutation ($input: RateMessageInput!) { rateMessage(input: $input) {
    ... on RateMessagePayload { ratedMessage { feedback } } ... on UserError { code message } } }"""
FIGURES = """query ($id: ID!) { workspace(id: $id) {
    documents { nodes { status chunkCount } }
    analytics { totalConversations totalMessages uniqueVisitors responseCount ratedCount satisfactionRate }
    insights { totalConversations totalMessages ratedCount satisfactionRate avgRagScore }
    metrics { cacheHits } } }"""
MANUAL = [
    "# Tomato greenhouse\nThe greenhouse is watered every morning at six. The irrigation pump runs for twenty minutes.",
    "# Harvest\nTomatoes are harvested in July, when they are red. Each plant gives about four kilograms.",
]


async def _ready(owner: FrontEnd, workspace: str, steps: list[Any]) -> None:
    async for event in owner.stream(PROGRESS, id=workspace):
        steps.append(event["documentProgress"])
        if steps[-1]["status"] in {"READY", "FAILED"}:
            return


async def visitor_of_nothing(server: Server) -> FrontEnd:
    """Return a visitor of a new workspace that knows nothing."""
    anyone = FrontEnd(server)
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    session = (await anyone.ask(REGISTER, input=account))["register"]
    owner = FrontEnd(server, session["accessToken"])
    workspace = (await owner.ask(CREATE_WORKSPACE, input={"name": "Empty"}))["createWorkspace"]["workspace"]["id"]
    made = await owner.ask(CREATE_KEY, input={"workspaceId": workspace, "name": "site"})
    visit = await anyone.ask(START_VISIT, input={"apiKey": made["createApiKey"]["secret"]})
    return FrontEnd(server, visit["startVisit"]["token"])


async def _chat(visitor: FrontEnd, content: str) -> list[dict[str, Any]]:
    said = {"content": content, "clientMessageId": str(uuid4())}
    return [event["chat"] async for event in _events(visitor, said)]


async def _events(visitor: FrontEnd, said: dict[str, str]) -> AsyncIterator[Any]:
    async for event in visitor.stream(CHAT, input=said):
        yield event


@pytest.mark.parametrize("models", ["server", "mistral_backed"], ids=["local", "mistral"])
async def test_from_sign_up_to_a_rated_answer(models: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: Server = request.getfixturevalue(models)
    anyone = FrontEnd(server)

    # A company signs up and makes a workspace.
    email = f"{uuid4().hex}@example.com"
    session = (await anyone.ask(REGISTER, input={"email": email, "password": "correct horse battery"}))["register"]
    assert session["user"] == {"email": email, "role": "ADMIN"}
    owner = FrontEnd(server, session["accessToken"])
    made = await owner.ask(CREATE_WORKSPACE, input={"name": "Greenhouse", "allowedDomains": ["example.com"]})
    workspace = made["createWorkspace"]["workspace"]["id"]

    # It feeds it a PDF and follows its way to the index.
    manual = tmp_path / "manual.pdf"
    manual.write_bytes(make_pdf(MANUAL, title="Greenhouse manual"))
    steps: list[Any] = []
    following = asyncio.create_task(_ready(owner, workspace, steps))
    uploaded = await owner.ask(UPLOAD, input={"workspaceId": workspace, "file": owner.file(manual)})
    assert uploaded["uploadDocument"]["document"]["status"] == "PENDING"
    await asyncio.wait_for(following, HANG_SECONDS)
    assert steps[-1]["status"] == "READY", steps
    assert steps[-1]["progress"] == 1.0
    assert steps[-1]["document"]["chunkCount"] >= 2

    # It puts a key in its pages, and a visitor comes.
    key = (await owner.ask(CREATE_KEY, input={"workspaceId": workspace, "name": "site"}))["createApiKey"]
    visit = (await anyone.ask(START_VISIT, input={"apiKey": key["secret"]}))["startVisit"]
    visitor = FrontEnd(server, visit["token"])
    assert visit["widget"] == {"title": "Greenhouse"}

    # The visitor's question is answered piece by piece, with its source.
    events = await _chat(visitor, "When is the greenhouse watered?")
    started, deltas, finished = events[0], events[1:-1], events[-1]
    assert started["__typename"] == "AnswerStarted"
    assert started["sources"][0]["documentName"] == "manual.pdf"
    assert started["sources"][0]["location"]
    assert {event["__typename"] for event in deltas} == {"AnswerDelta"}
    assert len(deltas) > 3
    assert finished["__typename"] == "AnswerFinished", finished
    assert finished["message"]["content"] == "".join(event["text"] for event in deltas)
    assert finished["message"]["tokensUsed"] > 0
    assert not finished["message"]["cached"]
    if models == "server":
        assert "six" in finished["message"]["content"]

    # It is in the history, and can be rated.
    history = (await visitor.ask(HISTORY, id=started["conversation"]["id"]))["conversation"]
    assert history["messageCount"] == 2
    assert [message["role"] for message in history["messages"]["nodes"]] == ["USER", "ASSISTANT"]
    rated = await visitor.ask(RATE, input={"messageId": finished["message"]["id"], "feedback": 1})
    assert rated["rateMessage"] == {"ratedMessage": {"feedback": 1}}

    # The same question again costs nothing.
    again = await _chat(visitor, "When is the greenhouse watered?")
    assert again[-1]["message"]["cached"]
    assert again[-1]["message"]["tokensUsed"] == 0
    assert again[-1]["message"]["content"] == finished["message"]["content"]

    # The figures have moved.
    figures = (await owner.ask(FIGURES, id=workspace))["workspace"]
    totals = {"totalConversations": 2, "totalMessages": 4, "ratedCount": 1, "satisfactionRate": 1.0}
    assert figures["analytics"] == [{**totals, "uniqueVisitors": 1, "responseCount": 2}]
    assert {name: figures["insights"][name] for name in totals} == totals
    assert figures["insights"]["avgRagScore"] == pytest.approx(finished["message"]["ragScore"])
    assert figures["metrics"]["cacheHits"] == 1
