"""How the widget names its operations: by their hashes, and by their texts where these are not known."""

import hashlib
import json
from typing import Any

from graphql import build_schema, specified_rules
from playwright.async_api import BrowserContext, Request, Route, WebSocketRoute

import widget
from data.viewer import Anonymous
from resolvers.policy import VISITOR_TOKENS, Policy
from schema import exported
from schema.execution.complexity import excesses
from schema.execution.validation_cache import CachedDocument
from tests.support.mistral_server import Answer
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant

UNKNOWN = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


def test_the_operations_that_the_server_is_given_are_sound_small_and_under_their_own_hashes() -> None:
    graph, policy = build_schema(exported()), Policy()
    for key, text in widget.operations().items():
        operations = CachedDocument.read(text, VISITOR_TOKENS)
        (operation,) = operations.document.definitions

        assert hashlib.sha256(text.encode()).hexdigest() == key
        assert operations.validate(graph, tuple(specified_rules)) == []
        size = operations.measure(graph, operation, {"last": 50})  # type: ignore[arg-type]
        assert not list(excesses(size._replace(cost=size.cost * 2), policy, policy.limits_of(Anonymous())))


async def test_the_chat_sends_hashes_and_no_texts(visitor: BrowserContext, assistant: Assistant) -> None:
    sent: list[dict[str, Any]] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/graphql") and request.post_data:
            sent.append(json.loads(request.post_data))

    visitor.on("request", keep)
    chat = await _asked(visitor, assistant)

    assert await chat.last_word() == "By nine."
    assert sent
    assert [request for request in sent if "query" in request] == []


async def test_a_server_that_does_not_know_the_hashes_is_sent_the_texts(
    visitor: BrowserContext, assistant: Assistant
) -> None:
    async def know_nothing(route: Route) -> None:
        if '"query"' in (route.request.post_data or ""):
            await route.continue_()
        else:
            await route.fulfill(json={"errors": [UNKNOWN]}, headers={"access-control-allow-origin": "*"})

    def know_nothing_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "subscribe" and not frame["payload"]["query"]:
                socket.send(json.dumps({"id": frame["id"], "type": "error", "payload": [UNKNOWN]}))
            else:
                server.send(message)

        socket.on_message(pass_on)

    await visitor.route("**/graphql", know_nothing)
    await visitor.route_web_socket("**/graphql", know_nothing_on)
    chat = await _asked(visitor, assistant)

    assert await chat.last_word() == "By nine."


async def _asked(visitor: BrowserContext, assistant: Assistant) -> Chat:
    chat = await chat_at(visitor, f"http://{assistant.server.host}/demo")
    await chat.open()
    assistant.will_say(Answer("By nine."))
    await chat.ask("When do you open?")
    return chat
