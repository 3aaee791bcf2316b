"""Revocation is polled: a subscription ends soon after the session, or the right to read, that it began with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from sqlalchemy import update

from core.events import MemoryEventBus
from data.models import AppUser, Role
from monitora.application import create_application
from monitora.identity import is_over
from monitora.settings.settings import Settings
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import MistralChat
from rag.retrieval.retriever import Retriever
from resolvers.accounts import accounts
from resolvers.services import Services
from tests.support.in_process_server import serving
from tests.support.logins import SESSION
from tests.support.mistral_server import Answer, MistralServer
from tests.support.people import CHAT, PASSWORD, People, Person, Shop
from tests.support.waiting import HANG_SECONDS, closed_with, subscribed, until

ACTIVITY = "subscription ($id: ID!) { conversationActivity(workspaceId: $id) { kind } }"
Ending = Callable[[Shop, str], Awaitable[Any]]


@pytest.fixture
async def services(services: Services, mistral_server: MistralServer) -> AsyncIterator[Services]:
    """The parts of a server whose answers have no end."""
    mistral_server.behave_in_chat(Answer(["At", " nine"] + [" and on"] * 2_000, pace=0.02, then="hang"))
    chat = MistralChat("key", server_url=mistral_server.url)
    retriever, log = Retriever(services.database, LocalEmbedder()), MemoryAnswerEventLog()
    answers = Answers(services.database, log, retriever, chat, MemoryEventBus(), cache_lifetime=timedelta(hours=1))
    yield replace(services, answers=answers)
    await answers.close(timedelta(0))
    await chat.aclose()


@pytest.fixture
def reviewed_every() -> timedelta:
    """How often the server reviews access: many times a second."""
    return timedelta(milliseconds=50)


@pytest.fixture
async def address(services: Services, settings: Settings, reviewed_every: timedelta) -> AsyncIterator[str]:
    """The address of a server."""
    application = create_application(settings)
    policy = replace(services.policy, access_reviewed_every=reviewed_every)
    application.state.services, application.state.settings = replace(services, policy=policy), settings
    async with serving(application) as server:
        yield f"ws://{server.host}/graphql"


Follow = Callable[..., Awaitable[aiohttp.ClientWebSocketResponse]]


@pytest.fixture
async def open_socket(address: str) -> AsyncIterator[Follow]:
    """Opens sockets on which somebody has asked for a subscription."""
    async with aiohttp.ClientSession() as session:
        yield partial(_opened, session, address)


@pytest.fixture
async def follow(open_socket: Follow, services: Services) -> Follow:
    """Opens sockets on which somebody follows a workspace: its subscription has begun."""

    async def following(person: Person, query: str, **variables: Any) -> aiohttp.ClientWebSocketResponse:
        socket = await open_socket(person, query, **variables)
        await (subscribed(services.answers.events) if query == ACTIVITY else subscribed(services.ingestion.events))
        return socket

    return following


async def _opened(
    session: aiohttp.ClientSession, address: str, person: Person, query: str, **variables: Any
) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(address, protocols=["graphql-transport-ws"], origin=person.origin)
    await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {person.token}"}})
    assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "connection_ack"
    await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}})
    return socket


async def _log_in(shop: Shop, email: str) -> Person:
    session = await Person(shop.owner.services).change(f"login {SESSION}", email=email, password=PASSWORD)
    return replace(shop.owner, token=session["accessToken"])


async def _revoke(shop: Shop, email: str) -> None:
    await (await _log_in(shop, email)).ask("mutation { revokeOtherSessions { endedSessions } }")


async def _log_out(shop: Shop, _email: str) -> None:
    await shop.owner.ask("mutation { logout { ended } }")


async def _change_password(shop: Shop, email: str) -> None:
    changed = "changePassword ... on ChangePasswordPayload { endedSessions }"
    words = {"currentPassword": PASSWORD, "newPassword": "four unrelated words indeed"}
    assert (await (await _log_in(shop, email)).change(changed, **words))["endedSessions"] == 1


async def _set_password(shop: Shop, email: str) -> None:
    await accounts.set_password(await shop.owner.context(), email, "four unrelated words indeed")


async def _deactivate(shop: Shop, email: str) -> None:
    await shop.owner.services.database.write(
        lambda unit: unit.execute(update(AppUser).where(AppUser.email == email).values(is_active=False))
    )


@pytest.mark.parametrize("end", [_revoke, _log_out, _change_password, _set_password, _deactivate])
async def test_what_a_session_follows_ends_with_it(follow: Follow, people: People, end: Ending) -> None:
    owner, email = await people.account()
    shop = await people.shop(owner)
    socket = await follow(owner, ACTIVITY, id=shop.id)

    await end(shop, email)

    assert await closed_with(socket) == 4403


@pytest.mark.parametrize("reviewed_every", [timedelta(hours=1)])
@pytest.mark.parametrize("end", [_revoke, _log_out, _change_password, _set_password])
async def test_a_session_that_is_ended_by_the_server_closes_its_sockets_before_any_review(
    follow: Follow, people: People, end: Ending
) -> None:
    owner, email = await people.account()
    shop = await people.shop(owner)
    socket = await follow(owner, ACTIVITY, id=shop.id)

    await end(shop, email)

    assert await closed_with(socket) == 4403


@pytest.fixture
def reviews(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the session was over, for each time that a socket's session was looked up."""
    found: list[bool] = []

    async def recorded(services: Services, token: str) -> bool:
        found.append(await is_over(services, token))
        return found[-1]

    monkeypatch.setattr("monitora.websocket.protocol.is_over", recorded)
    return found


async def test_what_is_followed_goes_on_while_tokens_are_exchanged(
    follow: Follow, people: People, reviews: list[bool]
) -> None:
    opened = await people.anyone.change(f"register {SESSION}", email="ada@example.com", password=PASSWORD)
    owner = Person(people.services, opened["accessToken"])
    shop = await people.shop(owner)
    socket = await follow(owner, ACTIVITY, id=shop.id)
    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=opened["refreshToken"])
    shop = Shop(Person(people.services, renewed["accessToken"]), shop.id)
    reviews.clear()
    await until(lambda: len(reviews) >= 2, "the session is looked up with the token of before")
    assert not any(reviews)

    said = {"content": "Is anybody there?", "clientMessageId": str(uuid4())}
    await (await shop.visitor()).change("sendMessage ... on SendMessagePayload { answerId }", **said)

    news = await socket.receive_json(timeout=HANG_SECONDS)
    assert news["payload"]["data"]["conversationActivity"]["kind"] == "CONVERSATION_STARTED"


@pytest.mark.parametrize(
    "query",
    [ACTIVITY, "subscription ($id: ID!) { documentProgress(workspaceId: $id) { progress } }"],
    ids=["conversations", "documents"],
)
async def test_a_reader_follows_nothing_of_a_workspace_taken_back(follow: Follow, people: People, query: str) -> None:
    shop = await people.shop()
    reader, email = await people.account(Role.LECTEUR)
    shared = "Workspace ... on UpdateWorkspacePayload { workspace { id } }"
    await shop.owner.change(f"share{shared}", id=shop.id, email=email)
    socket = await follow(reader, query, id=shop.id)

    await shop.owner.change(f"unshare{shared}", id=shop.id, email=email)
    end = await socket.receive_json(timeout=HANG_SECONDS)

    assert end["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "complete"
    await socket.send_json({"type": "ping"})
    assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "pong", "the session goes on"


async def _delete(shop: Shop, _email: str) -> None:
    await shop.owner.change("deleteWorkspace ... on DeleteWorkspacePayload { deletedId }", id=shop.id)


async def _switch_off(shop: Shop, _email: str) -> None:
    await shop.owner.change(
        "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, isActive=False
    )


@pytest.mark.parametrize("end", [_delete, _switch_off])
async def test_a_visitor_s_socket_closes_with_its_assistant(open_socket: Follow, people: People, end: Ending) -> None:
    shop = await people.shop()
    await shop.learn()
    said = {"content": "When does the garden centre open?", "clientMessageId": str(uuid4())}
    socket = await open_socket(await shop.visitor(), CHAT, input=said)
    await socket.receive_json(timeout=HANG_SECONDS)

    await end(shop, "")

    assert await closed_with(socket) == 4403
