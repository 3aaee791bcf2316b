"""Exports over HTTP and at the command line: whole, safe to open, and for those alone who may read the workspace."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.end_to_end.test_main_job import CREATE_KEY, CREATE_WORKSPACE, REGISTER, START_VISIT
from tests.end_to_end.test_stops import visitor_of
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running

CHAT = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on SendMessagePayload { answerId conversation { id } question { id } } ... on UserError { code message } } }"""
ANSWER = "subscription ($id: ID!) { answer(answerId: $id, after: 0) { __typename } }"
RATE = """mutation ($input: RateMessageInput!) { rateMessage(input: $input) {
    ... on RateMessagePayload { ratedMessage { id } } ... on UserError { code message } } }"""
LOG = "query ($id: ID!) { workspace(id: $id) { auditLog { nodes { action rowCount subjectId } } } }"
FORMULA = '=HYPERLINK("http://evil.example";"Opening hours?")'
COLUMNS = (
    "conversation,conversation_began_at,conversation_title,visitor_id,visitor_name,visitor_email,archived_at,message,reply_to,"
    "written_at,role,content,confidence,sources,response_time_ms,tokens,rating,rating_comment,resolved"
)


async def _owner(server: Server) -> tuple[FrontEnd, str]:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    owner = FrontEnd(server, (await FrontEnd(server).ask(REGISTER, input=account))["register"]["accessToken"])
    made = await owner.ask(CREATE_WORKSPACE, input={"name": f"Garden {uuid4().hex}"})
    return owner, made["createWorkspace"]["workspace"]["id"]


async def _ask(person: FrontEnd, workspace: str, content: str, conversation: str | None = None) -> Any:
    said = {"workspaceId": workspace, "content": content, "clientMessageId": str(uuid4())}
    sent = (await person.ask(CHAT, input=said | ({"conversationId": conversation} if conversation else {})))[
        "sendMessage"
    ]
    async for _ in person.stream(ANSWER, id=sent["answerId"]):
        pass
    return sent


async def _get(server: Server, token: str | None, form: str, **asked: str) -> tuple[int, dict[str, str], bytes]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    address = f"http://{server.host}/export/conversations.{form}"
    async with aiohttp.ClientSession() as session, session.get(address, params=asked, headers=headers) as response:
        return response.status, {name.lower(): value for name, value in response.headers.items()}, await response.read()


def _read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_an_export_holds_every_message_and_runs_no_formula(server: Server) -> None:
    owner, workspace = await _owner(server)
    first = await _ask(owner, workspace, FORMULA)
    await _ask(owner, workspace, "And on Sunday, “été”?\nTell me.", first["conversation"]["id"])
    await _ask(owner, workspace, "Do you deliver?")
    await owner.ask(RATE, input={"messageId": first["answerId"], "feedback": -1, "comment": "-1 from me"})

    status, headers, body = await _get(server, owner.token, "csv", workspace=workspace)

    assert status == 200
    assert headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert headers["content-disposition"] == 'attachment; filename="conversations.csv"'
    assert headers["cache-control"] == "no-store"
    assert body.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
    rows = _read(body)
    assert [row["role"] for row in rows] == ["user", "assistant"] * 3
    assert rows[0]["content"] == f"'{FORMULA}"
    assert rows[2]["content"] == "And on Sunday, “été”?\nTell me."
    assert rows[1]["reply_to"] == rows[0]["message"] == first["question"]["id"]
    assert rows[1]["rating"] == "-1"
    assert rows[1]["rating_comment"] == "'-1 from me"
    assert {row["conversation"] for row in rows[:4]} == {first["conversation"]["id"]}
    log = (await owner.ask(LOG, id=workspace))["workspace"]["auditLog"]["nodes"]
    assert log == [{"action": "CONVERSATIONS_EXPORTED", "rowCount": 6, "subjectId": None}]


async def test_json_lines_say_the_same_with_types(server: Server) -> None:
    owner, workspace = await _owner(server)
    await _ask(owner, workspace, FORMULA)

    status, headers, body = await _get(server, owner.token, "jsonl", workspace=workspace)

    question, answer = [json.loads(line) for line in body.splitlines()]
    assert (status, headers["content-type"]) == (200, "application/jsonl")
    assert list(question) == COLUMNS.split(",")
    assert question["content"] == FORMULA
    assert isinstance(answer["response_time_ms"], int)
    assert answer["sources"] == []
    assert question["resolved"] is False


@pytest.mark.parametrize(("day", "rows"), [("2000-01-01", 0), ("2999-01-01", 2)])
async def test_days_choose_conversations_by_their_beginning(server: Server, day: str, rows: int) -> None:
    owner, workspace = await _owner(server)
    await _ask(owner, workspace, "Do you deliver?")

    _, _, body = await _get(server, owner.token, "csv", workspace=workspace, to=day)

    assert len(_read(body)) == rows


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"from": "yesterday"}, "`from` is a day, such as 2026-03-31."),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "`from` is after `to`."),
        ({"to": "9999-12-31"}, "This day is out of range."),
    ],
)
async def test_days_that_cannot_be_are_refused_with_what_to_do(
    server: Server, asked: dict[str, str], message: str
) -> None:
    owner, workspace = await _owner(server)

    status, _, body = await _get(server, owner.token, "csv", workspace=workspace, **asked)

    [error] = json.loads(body)["errors"]
    assert (status, error["message"], error["extensions"]["code"]) == (400, message, "BAD_USER_INPUT")


async def test_who_may_not_read_the_workspace_gets_nothing_of_it(server: Server) -> None:
    owner, workspace = await _owner(server)
    await _ask(owner, workspace, "Do you deliver?")
    stranger, _ = await _owner(server)
    key = (await owner.ask(CREATE_KEY, input={"workspaceId": workspace, "name": "site"}))["createApiKey"]["secret"]
    visit = await FrontEnd(server).ask(START_VISIT, input={"apiKey": key})
    visitor = (visit["startVisit"] or {}).get("token")

    assert (await _get(server, stranger.token, "csv", workspace=workspace))[0] == 404
    assert (await _get(server, None, "csv", workspace=workspace))[0] == 401
    assert (await _get(server, owner.token, "csv", workspace="nonsense"))[0] == 404
    assert (await _get(server, owner.token, "csv"))[0] == 404
    if visitor:
        assert (await _get(server, visitor, "csv", workspace=workspace))[0] == 403


async def test_exports_have_a_rate(tmp_path: Path) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "migrate").returncode == 0
    with running(tmp_path, MONITORA_RATE_EXPORT_PER_ACCOUNT="1/minute") as server:
        owner, workspace = await _owner(server)

        first = await _get(server, owner.token, "jsonl", workspace=workspace)
        second = await _get(server, owner.token, "jsonl", workspace=workspace)

    assert (first[0], second[0]) == (200, 429)
    assert int(second[1]["retry-after"]) > 0


async def test_the_command_writes_what_the_server_sends(tmp_path: Path) -> None:
    environment = {"MONITORA_DATA_DIR": str(tmp_path)}
    assert monitora(environment, "demo", "--prepare-only").returncode == 0
    with running(tmp_path) as server:
        visitor = await visitor_of(server)
        sent = await visitor.ask(CHAT, input={"content": "What is Monitora?", "clientMessageId": str(uuid4())})
        async for _ in visitor.stream(ANSWER, id=sent["sendMessage"]["answerId"]):
            pass
    target = tmp_path / "all.csv"

    shown = monitora(environment, "export", "Monitora guide", "--format", "jsonl")
    written = monitora(environment, "export", "Monitora guide", "--output", str(target))
    again = monitora(environment, "export", "Monitora guide", "--output", str(target))

    assert shown.returncode == 0, shown.stderr
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [line["content"] for line in lines if line["role"] == "user"] == ["What is Monitora?"]
    assert written.returncode == 0, written.stderr
    assert [row["message"] for row in _read(target.read_bytes())] == [line["message"] for line in lines]
    assert again.returncode == 1
    assert "name another one" in again.stderr
