"""What may happen to a visitor in mid-answer: the token ends, the server is killed, the line is cut for long."""

import re
import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from playwright.async_api import BrowserContext, Route, expect

from core.security.tokens import Tokens, VisitorClaims
from tests.support.mistral_server import Answer
from tests.support.server import running
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant, Prepared
from tests.widget.proxy import Proxy
from tests.widget.test_widget import BEGINNING, STORED, TOKENS, WORDS, in_two_parts


async def test_a_token_that_ends_in_mid_answer_loses_and_repeats_nothing(
    visitor: BrowserContext, assistant: Assistant
) -> None:
    tokens = Tokens((assistant.folder / "secret.key").read_text().strip())
    go_on = threading.Event()
    visits = 0

    async def shorten_the_first(route: Route) -> None:
        """Let a visit pass, the first with a token of two seconds, of which the page knows nothing."""
        nonlocal visits
        if "apiKey" not in (route.request.post_data or ""):
            return await route.continue_()
        visits += 1
        if visits > 1:
            go_on.set()
            return await route.continue_()
        response = await route.fetch()
        body = await response.json()
        claims = tokens.read(body["data"]["result"]["token"])
        assert isinstance(claims, VisitorClaims)
        body["data"]["result"]["token"] = tokens.for_visitor(claims, timedelta(seconds=2))
        return await route.fulfill(response=response, json=body)

    await visitor.route("**/graphql", shorten_the_first)
    chat = await chat_at(visitor, f"http://{assistant.server.host}/demo")
    await chat.open()
    assistant.will_say(in_two_parts(go_on))
    await chat.ask("What if my token ends?")
    await expect(chat.answers).to_have_text(re.compile("^" + re.escape(BEGINNING)))

    assert await chat.last_word() == WORDS
    assert visits == 2
    assert assistant.calls() == 1
    assert assistant.rows(STORED, "What if my token ends?") == [("user",)]


async def test_a_killed_server_is_told_of_and_its_answer_made_again_once_it_is_back(
    visitor: BrowserContext, prepared: Prepared, assistant: Assistant, restartable: Path
) -> None:
    async with Proxy("") as proxy:
        with running(restartable, **prepared.settings) as server:
            proxy.target = server.host
            chat = await chat_at(visitor, f"http://{proxy.host}/demo")
            await chat.open()
            assistant.will_say(in_two_parts(threading.Event()))
            await chat.ask("What if you die?")
            await expect(chat.answers).to_have_text(BEGINNING)
            server.process.kill()
        proxy.cut()
        await expect(chat.page.get_by_text("Connection lost, reconnecting…")).to_be_visible()
        await chat.field.fill("Are you back?")

        with running(restartable, **prepared.settings) as server:
            proxy.target = server.host
            await expect(chat.page.get_by_role("alert")).to_contain_text("This answer was cut off before its end.")
            await expect(chat.page.get_by_text("Connection lost, reconnecting…")).to_be_hidden()
            await expect(chat.answers).to_have_text(BEGINNING)
            await expect(chat.field).to_have_value("Are you back?")

            await chat.page.reload()
            await expect(chat.page.get_by_role("alert")).to_contain_text("This answer was cut off before its end.")
            await expect(chat.field).to_have_value("Are you back?")
            assistant.will_say(Answer(TOKENS))
            await chat.button("Try again").click()
            await expect(chat.answers).to_have_text([WORDS])
            await expect(chat.page.get_by_role("alert")).to_have_count(0)

            assistant.will_say(Answer(["Yes."]))
            await chat.field.press("Enter")
            await expect(chat.answers).to_have_text([WORDS, "Yes."])
            await expect(chat.questions).to_have_text(["What if you die?", "Are you back?"])


async def test_questions_asked_while_the_server_is_away_are_all_asked_after_a_reload(
    visitor: BrowserContext, assistant: Assistant
) -> None:
    asked = [f"Is the shop open? {uuid4()}", f"And now? {uuid4()}"]
    async with Proxy(assistant.server.host) as proxy:
        chats = [await chat_at(visitor, f"http://{proxy.host}/demo") for _ in asked]
        for chat in chats:
            await chat.open()
        proxy.target, server = "127.0.0.1:9", proxy.target
        proxy.cut()
        for chat, question in zip(chats, asked, strict=True):
            await chat.ask(question)
            await expect(chat.page.get_by_text("Connection lost, reconnecting…")).to_be_visible()
        await chats[0].page.close()
        await chats[1].page.close()

        proxy.target = server
        chat = await chat_at(visitor, f"http://{proxy.host}/demo")
        await chat.open()

        await expect(chat.questions).to_have_text(asked)
        await expect(chat.answers).to_have_count(2)
    assert [assistant.rows(STORED, question) for question in asked] == [[("user",)], [("user",)]]


async def test_a_question_that_never_left_is_written_again_in_a_new_conversation(
    visitor: BrowserContext, chat: Chat
) -> None:
    await visitor.set_offline(True)
    await chat.ask("Is the shop open?")
    await expect(chat.page.get_by_text("You are offline.")).to_be_visible()

    await chat.button("New conversation").click()

    await expect(chat.field).to_have_value("Is the shop open?")
    await expect(chat.questions).to_have_count(0)
