"""Two server processes with one database and one Redis: a reader may be on either."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.end_to_end.test_main_job import CHAT, CREATE_KEY, CREATE_WORKSPACE, PROGRESS, REGISTER, START_VISIT, UPLOAD
from tests.end_to_end.test_stops import HISTORY, visitor_of
from tests.support.client import FrontEnd
from tests.support.metrics import metrics_of
from tests.support.mistral_server import Answer, MistralServer
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, until_seen

ANSWER = """subscription ($id: ID!, $after: Int) { answer(answerId: $id, after: $after) {
    __typename sequence ... on AnswerDelta { text } ... on AnswerFinished { message { content finishReason } } } }"""
STOP = """mutation ($input: StopAnswerInput!) { stopAnswer(input: $input) {
    ... on StopAnswerPayload { answerId } ... on UserError { code message } } }"""


async def test_an_answer_is_followed_and_stopped_from_the_other_process(
    tmp_path: Path, mistral_server: MistralServer, redis_url: str
) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only").returncode == 0
    mistral_server.behave_in_chat(Answer(["At", " nine"] + [" and on"] * 2_000, pace=0.02, then="hang"))
    settings = {"MISTRAL_SERVER_URL": mistral_server.url, "MONITORA_REDIS_URL": redis_url}

    with running(tmp_path, **settings) as one, running(tmp_path, **settings) as other:
        here = await visitor_of(one)
        there = FrontEnd(other, here.token, page=one)  # as behind one name
        said = {"content": "When does it open?", "clientMessageId": str(uuid4())}
        asking = here.stream(CHAT, input=said)
        started = (await anext(asking))["chat"]
        await anext(asking)

        followed = there.stream(ANSWER, id=started["answerId"], after=0)
        seen = [(await anext(followed))["answer"] for _ in range(4)]
        assert seen[0]["__typename"] == "AnswerStarted"
        assert "".join(event.get("text", "") for event in seen).startswith("At nine")

        stopped = await there.ask(STOP, input={"answerId": started["answerId"]})
        assert stopped["stopAnswer"] == {"answerId": started["answerId"]}
        async with asyncio.timeout(HANG_SECONDS):
            rest = [event["answer"] async for event in followed]
            ended = [event["chat"] async for event in asking]

        assert rest[-1]["message"]["finishReason"] == "stopped"
        assert ended[-1]["message"]["content"] == rest[-1]["message"]["content"]
        text = "".join(event.get("text", "") for event in [*seen, *rest])
        assert text == rest[-1]["message"]["content"], "the same to the byte on either process"
        history = await there.ask(HISTORY, id=started["conversation"]["id"])
        assert len(history["conversation"]["messages"]["nodes"]) == 2
        assert [request.path for request in mistral_server.requests].count("/v1/chat/completions") == 1


ACTIVITY = """subscription ($id: ID!) { conversationActivity(workspaceId: $id) {
    kind conversation { messageCount } message { role content } } }"""


async def _is_followed(server: Server) -> bool:
    counted = await metrics_of(server)
    return all(counted[f"monitora_event_subscribers {events}"] for events in ("conversation", "ingestion"))


async def test_the_team_sees_on_one_process_what_happens_on_the_other(tmp_path: Path, redis_url: str) -> None:
    migrated = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    manual = tmp_path / "manual.md"
    manual.write_text("# Greenhouse\nThe greenhouse is watered every morning at six.")

    with (
        running(tmp_path, MONITORA_REDIS_URL=redis_url) as one,
        running(tmp_path, MONITORA_REDIS_URL=redis_url, MONITORA_METRICS_TOKEN=uuid4().hex) as other,
    ):
        account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
        session = (await FrontEnd(one).ask(REGISTER, input=account))["register"]
        here, there = (FrontEnd(server, session["accessToken"]) for server in (one, other))
        made = await here.ask(CREATE_WORKSPACE, input={"name": "Greenhouse", "allowedDomains": ["example.com"]})
        workspace = made["createWorkspace"]["workspace"]["id"]
        key = (await here.ask(CREATE_KEY, input={"workspaceId": workspace, "name": "site"}))["createApiKey"]["secret"]
        visit = (await FrontEnd(one).ask(START_VISIT, input={"apiKey": key}))["startVisit"]
        steps: list[dict[str, Any]] = []
        news: list[dict[str, Any]] = []

        async def follow_documents() -> None:
            async for event in there.stream(PROGRESS, id=workspace):
                steps.append(event["documentProgress"])
                if steps[-1]["status"] in {"READY", "FAILED"}:
                    return

        async def follow_conversations() -> None:
            async for event in there.stream(ACTIVITY, id=workspace):
                news.append(event["conversationActivity"])
                if len(news) == 3:
                    return

        following = asyncio.gather(follow_documents(), follow_conversations())
        await until_seen(partial(_is_followed, other), "the team follows documents and conversations")
        await here.ask(UPLOAD, input={"workspaceId": workspace, "file": here.file(manual)})
        visitor = FrontEnd(one, visit["token"])
        said = {"content": "When is the greenhouse watered?", "clientMessageId": str(uuid4())}
        answered = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
        await asyncio.wait_for(following, HANG_SECONDS)

    assert steps[-1]["progress"] == 1.0
    assert steps[-1]["document"] == {"name": "manual.md", "chunkCount": 1}
    assert len(steps) > 1, "told step by step, not found at the end"
    assert [(event["kind"], event["message"]["role"]) for event in news] == [
        ("CONVERSATION_STARTED", "USER"),
        ("MESSAGE_ADDED", "USER"),
        ("MESSAGE_ADDED", "ASSISTANT"),
    ]
    assert news[-1]["message"]["content"] == answered[-1]["message"]["content"]
