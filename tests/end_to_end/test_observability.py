"""What an operator sees of a server at work, in its log, at its collector, on its metrics: all but content."""

import asyncio
import json
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from gql.transport.exceptions import TransportQueryError

from monitora.application import create_application
from monitora.composition import running_services
from monitora.http.readiness import ModelProbe, readiness
from monitora.settings.settings import InvalidSettings, Settings, load_settings
from tests.end_to_end.test_main_job import CHAT, CREATE_KEY, CREATE_WORKSPACE, FIGURES, PROGRESS, REGISTER, START_VISIT
from tests.end_to_end.test_main_job import UPLOAD as UPLOAD_DOCUMENT
from tests.support.client import FrontEnd
from tests.support.collector import Collector
from tests.support.metrics import metrics_of
from tests.support.mistral_server import MistralServer
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, until_seen

LOGIN = """mutation LogIn($input: LoginInput!) { login(input: $input) {
    ... on Session { accessToken } ... on UserError { code } } }"""
METRICS_TOKEN = "a token for the metrics"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
QUESTION = "When is the saffron crocus watered?"
LEVELS = (
    "monitora_operations_running mutation",
    "monitora_operations_running subscription",
    "monitora_sockets_open",
    "monitora_answers_running",
    "monitora_jobs_waiting",
    "monitora_event_subscribers conversation",
    "monitora_event_subscribers ingestion",
    "monitora_database_connections_in_use reader",
)
"""What is zero when nobody asks anything."""


@dataclass
class Day:
    """What a server went through, what must not be told of it, and what it told."""

    secrets: dict[str, str]
    log: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log's lines, each of which is JSON."""
        return [json.loads(line) for line in self.log.splitlines()]

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of that name."""
        return [line for line in self.lines if line["event"] == event]


async def _ready(owner: FrontEnd, workspace: str) -> None:
    async for event in owner.stream(PROGRESS, id=workspace):
        if event["documentProgress"]["status"] in {"READY", "FAILED"}:
            return


async def _live(server: Server, folder: Path) -> Day:
    """Do the main job, and what goes wrong around it, with content that is recognised wherever it turns up."""
    anyone = FrontEnd(server)
    email, password = f"{uuid4().hex}@example.com", f"pass {uuid4().hex} phrase"
    registered = (await anyone.ask(REGISTER, input={"email": email, "password": password}))["register"]
    owner = FrontEnd(server, registered["accessToken"])
    made = await owner.ask(CREATE_WORKSPACE, input={"name": "Saffron", "allowedDomains": ["127.0.0.1"]})
    workspace = made["createWorkspace"]["workspace"]["id"]
    manual = folder / "manual.md"
    manual.write_text("# Saffron\n\nThe saffron crocus is watered every morning at six by the irrigation pump.\n")
    following = asyncio.create_task(_ready(owner, workspace))
    await owner.ask(UPLOAD_DOCUMENT, input={"workspaceId": workspace, "file": owner.file(manual)})
    await asyncio.wait_for(following, HANG_SECONDS)
    key = (await owner.ask(CREATE_KEY, input={"workspaceId": workspace, "name": "site"}))["createApiKey"]["secret"]
    visit = (await anyone.ask(START_VISIT, input={"apiKey": key}))["startVisit"]
    visitor = FrontEnd(server, visit["token"])
    for _ in range(2):
        said = {"content": QUESTION, "clientMessageId": str(uuid4())}
        assert [event["chat"] async for event in visitor.stream(CHAT, input=said)][-1]["message"]["content"]
    await owner.ask(FIGURES, id=workspace)
    wrong = f"wrong {uuid4().hex}"
    await anyone.ask(LOGIN, input={"email": email, "password": wrong})
    with pytest.raises(TransportQueryError):
        await anyone.ask(FIGURES.replace("query (", "query Figures("), id=workspace)
    literal = uuid4().hex
    with pytest.raises(TransportQueryError):
        await anyone.ask('mutation { login(input: {email: 1, password: "' + literal + '"}) { __typename } }')
    _send_garbage(server, "sesame")
    return Day(
        {
            "e-mail": email,
            "password": password,
            "wrong password": wrong,
            "password in an operation's text": literal,
            "access token": registered["accessToken"],
            "refresh token": registered["refreshToken"],
            "visitor's token": visit["token"],
            "API key": key,
            "question": QUESTION,
            "passage or answer": "crocus",
            "metrics token": METRICS_TOKEN,
        }
    )


def _send_garbage(server: Server, text: str) -> None:
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{text}\r\n\r\n".encode())
        connection.recv(1000)


async def _named(server: Server) -> list[str]:
    """Ask something that is refused, with names of the client's own; return the identifiers the server answers with."""
    headers = {"x-request-id": "of-the-proxy-1", "traceparent": PARENT}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            server.http, json={"query": '{ node(id: "x") { id } workspaces { nope } }'}, headers=headers
        ) as told,
    ):
        return [told.headers["x-request-id"], (await told.json())["errors"][0]["extensions"]["requestId"]]


async def _metrics_refused(server: Server) -> list[int]:
    statuses = []
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"authorization": "Bearer another token of it"}):
            async with session.get(f"http://{server.host}/metrics", headers=headers) as page:
                assert "monitora_" not in await page.text()
                statuses.append(page.status)
    return statuses


async def _metrics_at_rest(server: Server) -> dict[str, float]:
    """Return the metrics once nothing is under way: a client sees the end of a stream before the server is done."""

    async def is_at_rest() -> bool:
        counted = await metrics_of(server)
        return not any(counted[level] for level in LEVELS)

    await until_seen(is_at_rest, f"every level is zero: {', '.join(LEVELS)}")
    return await metrics_of(server)


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="session")
async def day(
    tmp_path_factory: pytest.TempPathFactory, running_mistral_server: MistralServer, collector: Collector
) -> Day:
    """A day of a server that tells all it can: the log at debug, as JSON, spans and metrics."""
    folder = tmp_path_factory.mktemp("observed")
    assert monitora({"MONITORA_DATA_DIR": str(folder)}, "migrate").returncode == 0
    running_mistral_server.forget()
    settings = {
        "MISTRAL_SERVER_URL": running_mistral_server.url,
        "MONITORA_LOG_FORMAT": "json",
        "MONITORA_LOG_LEVEL": "debug",
        "MONITORA_METRICS_TOKEN": METRICS_TOKEN,
        "MONITORA_TELEMETRY": "on",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
    }
    with running(folder, **settings) as server:
        lived = await _live(server, folder)
        lived.request_ids = await _named(server)
        lived.refused = await _metrics_refused(server)
        lived.metrics = await _metrics_at_rest(server)
    lived.log = (folder / "server.log").read_text()
    return lived


async def test_the_log_of_the_main_job_holds_no_secret_and_no_content(tmp_path: Path) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "migrate").returncode == 0

    with running(tmp_path) as server:
        lived = await _live(server, tmp_path)

    log = (tmp_path / "server.log").read_text()
    assert "operation" in log
    assert [name for name, secret in lived.secrets.items() if secret in log] == []


async def test_neither_do_the_spans_nor_the_log_at_debug(day: Day, collector: Collector) -> None:
    sent = b"".join(collector.bodies)

    assert [name for name, secret in day.secrets.items() if secret.encode() in sent] == []
    assert [name for name, secret in day.secrets.items() if secret in day.log] == []
    assert not any(span.events for span in collector.spans), "an exception's event quotes its text"


async def test_an_operation_is_one_line(day: Day) -> None:
    operations = day.told("operation")

    registering, creating = operations[0], operations[1]
    assert registering["level"] == "info"
    assert (registering["kind"], registering["outcome"], registering["codes"]) == ("mutation", "ok", [])
    assert (registering["viewer"], registering["viewer_id"]) == ("anonymous", None)
    assert (creating["viewer"], bool(creating["viewer_id"])) == ("staff", True)
    login = next(line for line in operations if line["name"] == "LogIn")
    assert (login["outcome"], login["codes"]) == ("refused", ["INVALID_CREDENTIALS"])
    assert login["ms"] > 0
    chats = [line for line in operations if line["kind"] == "subscription" and line["viewer"] == "visitor"]
    assert len(chats) == 2
    assert all(line["workspace"] and line["viewer_id"] for line in chats)
    figures = next(line for line in operations if line["name"] == "Figures")
    assert figures["codes"] == ["UNAUTHENTICATED"]


async def test_an_answer_s_line_has_the_request_that_asked_for_it(day: Day) -> None:
    first, again = day.told("answer")
    asked = [line["request_id"] for line in day.told("operation") if line["kind"] == "subscription"]

    assert first["outcome"] == "generated"
    assert first["tokens_out"] > 0
    assert first["first_token_ms"] is not None
    assert again["outcome"] == "cached"
    assert {first["request_id"], again["request_id"]} <= set(asked)


async def test_the_request_s_name_is_in_the_header_the_errors_and_the_log(day: Day) -> None:
    header, in_error = day.request_ids

    assert header == in_error
    (line,) = [line for line in day.told("operation") if line["request_id"] == header]
    assert line["parent_request_id"] == "of-the-proxy-1"


async def test_other_libraries_lines_have_the_same_shape(day: Day) -> None:
    (line,) = [line for line in day.lines if line.get("logger") == "uvicorn.error"]

    assert line["event"] == "Invalid HTTP request received."
    assert line["level"] == "warning"
    assert line["timestamp"]


async def test_a_line_says_which_span_it_belongs_to(day: Day, collector: Collector) -> None:
    spans = {span.id for span in collector.spans if span.name == "mutation"}

    assert {line["span_id"] for line in day.told("operation") if line["kind"] == "mutation"} == spans


async def test_spans_lead_from_the_request_to_the_statement(collector: Collector, day: Day) -> None:
    load = next(span for span in collector.spans if span.name.startswith("load row of "))
    statement = next(span for span in collector.spans if span.parent == load.id and span.name != "BEGIN")

    assert statement.name.startswith("SELECT ")
    assert statement.kind == "client"
    assert statement.attributes["db.system.name"] == "sqlite"
    assert statement.attributes["db.operation.name"] == "SELECT"
    assert statement.attributes["db.query.summary"] == statement.name
    assert "?" in statement.attributes["db.query.text"]
    assert load.attributes["monitora.loader.keys"] >= 1
    assert collector.above(statement)[-2:] in (["mutation", "POST /graphql"], ["query", "POST /graphql"])


async def test_an_operation_s_span_names_it_by_the_conventions(collector: Collector, day: Day) -> None:
    login = next(span for span in collector.spans if span.attributes.get("graphql.operation.name") == "LogIn")
    request = next(span for span in collector.spans if span.id == login.parent)

    assert (login.name, login.kind) == ("mutation", "server")
    assert login.attributes["graphql.operation.type"] == "mutation"
    assert re.fullmatch("[0-9a-f]{64}", login.attributes["monitora.graphql.document.sha256"])
    assert login.attributes["monitora.error.codes"] == ["INVALID_CREDENTIALS"]
    assert "graphql.document" not in login.attributes
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "url.path": "/graphql",
        "url.scheme": "http",
    }
    assert collector.resource["service.name"] == "monitora"


async def test_a_model_s_call_is_part_of_the_answer_and_counts_its_tokens(collector: Collector, day: Day) -> None:
    chat = next(span for span in collector.spans if span.name.startswith("chat "))
    retrieval = collector.named("retrieval")[0]
    embedding = next(span for span in collector.named("embeddings mistral-embed") if span.parent == retrieval.id)

    assert chat.kind == "client"
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.provider.name"] == "mistral_ai"
    assert chat.attributes["gen_ai.usage.input_tokens"] > 0
    assert chat.attributes["gen_ai.usage.output_tokens"] > 0
    assert chat.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert chat.attributes["gen_ai.response.time_to_first_chunk"] > 0
    assert collector.above(chat) == ["answer", "subscription"]
    assert retrieval.attributes["monitora.retrieval.passages"] >= 1
    assert collector.above(retrieval) == ["answer", "subscription"]
    assert embedding.attributes["gen_ai.usage.input_tokens"] > 0
    assert any(collector.above(span) == ["ingestion"] for span in collector.spans if span.name.startswith("embeddings"))


async def test_a_trace_that_the_client_began_is_linked_and_not_joined(collector: Collector, day: Day) -> None:
    (linked,) = [span for span in collector.spans if span.links]

    assert linked.links == (PARENT.split("-")[1],)
    assert linked.trace != PARENT.split("-")[1]
    assert not linked.parent


async def test_metrics_count_the_day(day: Day) -> None:
    counted = day.metrics

    assert counted["monitora_operations_total mutation ok"] == 5
    assert counted["monitora_operations_total mutation refused"] >= 1
    assert counted["monitora_operations_total subscription ok"] == 3
    assert counted["monitora_errors_total INVALID_CREDENTIALS"] == 1
    assert counted["monitora_errors_total UNAUTHENTICATED"] == 1
    assert counted["monitora_answers_total generated"] == 1
    assert counted["monitora_answers_total cached"] == 1
    assert counted["monitora_cache_lookups_total hit"] == 1
    assert counted["monitora_answer_first_token_seconds_count"] == 1
    assert counted["monitora_answer_duration_seconds_count"] == 2
    assert counted["monitora_model_tokens_total input chat"] > 0
    assert counted["monitora_model_tokens_total output chat"] > 0
    assert counted["monitora_model_tokens_total input embeddings"] > 0
    assert counted["monitora_documents_total ready"] == 1
    for level in LEVELS:
        assert counted[level] == 0
    assert not any("Figures" in name or "LogIn" in name for name in counted), "a client's name is no label"


async def test_metrics_are_for_who_has_the_token(day: Day) -> None:
    assert day.refused == [401, 401]


async def test_without_a_token_there_are_no_metrics(server: Server) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://{server.host}/metrics") as page:
        assert page.status == 404


def test_a_token_that_could_be_guessed_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITORA_METRICS_TOKEN", "guessme")

    with pytest.raises(InvalidSettings, match=r"MONITORA_METRICS_TOKEN: .* 16 characters") as refused:
        load_settings()

    assert "guessme" not in str(refused.value)


def test_telemetry_without_its_extra_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(InvalidSettings, match=r"pip install 'monitora\[telemetry\]'"):
        create_application(settings.model_copy(update={"telemetry": True}))


async def test_readiness_names_redis_when_it_is_out_of_reach(settings: Settings) -> None:
    settings = settings.model_copy(update={"redis_url": "redis://:hidden@127.0.0.1:1/0"})
    async with running_services(settings) as services:
        found = (await readiness(services, ModelProbe(services.answers.chat_model, settings))).as_json()

    assert (found["ready"], found["reason"]) == (False, "Redis cannot be reached; the log says why.")
    assert not found["checks"]["redis"]["ready"]
    assert found["checks"]["database"]["ready"]
    assert "hidden" not in json.dumps(found)
