"""Two server processes with one database and one Redis: a reader may be on either."""

import asyncio
from pathlib import Path
from uuid import uuid4

from tests.end_to_end.client import FrontEnd
from tests.end_to_end.server import monitora, running
from tests.end_to_end.test_main_job import CHAT
from tests.end_to_end.test_stops import HISTORY, visitor_of
from tests.mistral_server import Answer, MistralServer

ANSWER = """subscription ($id: ID!, $after: Int) { answer(answerId: $id, after: $after) {
    __typename sequence ... on AnswerDelta { text } ... on AnswerFinished { message { content finishReason } } } }"""
STOP = """mutation ($input: StopAnswerInput!) { stopAnswer(input: $input) {
    ... on StopAnswerPayload { answerId } ... on UserError { code message } } }"""


async def test_an_answer_is_followed_and_stopped_from_the_other_process(
    tmp_path: Path, mistral_server: MistralServer, redis_url: str
) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only").returncode == 0
    mistral_server.behave_in_chat(Answer(["At", " nine"] + [" and on"] * 2_000, pace=0.02))
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
        async with asyncio.timeout(30):
            rest = [event["answer"] async for event in followed]
            ended = [event["chat"] async for event in asking]

        assert rest[-1]["message"]["finishReason"] == "stopped"
        assert ended[-1]["message"]["content"] == rest[-1]["message"]["content"]
        text = "".join(event.get("text", "") for event in [*seen, *rest])
        assert text == rest[-1]["message"]["content"], "the same to the byte on either process"
        history = await there.ask(HISTORY, id=started["conversation"]["id"])
        assert len(history["conversation"]["messages"]["nodes"]) == 2
        assert [request.path for request in mistral_server.requests].count("/v1/chat/completions") == 1
