"""GraphiQL's log-in over reloads and tabs, and what it says to a person who made a mistake."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.server import running
from tests.widget.conftest import Prepared
from tests.widget.graphiql import GraphiQL, graphiql_at

WRONG = "The e-mail or the password is wrong."
STORED = """() => [...Object.entries(localStorage), ...Object.entries(sessionStorage)]
    .filter(([key, value]) => key.startsWith("monitora:graphiql:") || value.includes("eyJ"))"""
"""What the browser stores of a session: each access token is a JWT, which begins with these letters."""


async def test_it_stays_logged_in_when_the_page_is_loaded_again(visitor: BrowserContext, prepared: Prepared) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)

    for _ in range(2):
        await graphiql.reload()
        await expect(graphiql.account).to_contain_text("admin@monitora.example (admin)")
    await graphiql.execute()

    await expect(graphiql.response).to_contain_text("totalCount")
    await expect(graphiql.status).to_be_empty()
    await expect(graphiql.page.get_by_role("tab")).to_have_count(7)


async def test_it_is_logged_in_again_after_another_page_was_visited(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)

    await graphiql.page.goto(f"http://{prepared.server.host}/demo")
    await graphiql.page.go_back()

    await expect(graphiql.account).to_contain_text("admin@monitora.example")


async def test_no_token_is_stored_while_the_page_is_there_nor_after_the_log_out(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)
    await graphiql.reload()
    await expect(graphiql.account).to_contain_text("admin@monitora.example")
    assert await graphiql.page.evaluate(STORED) == []

    await graphiql.log_out()
    await expect(graphiql.password).to_be_visible()
    await graphiql.reload()

    await expect(graphiql.password).to_be_visible()
    await graphiql.page.goto(f"http://{prepared.server.host}/healthz")
    assert await graphiql.page.evaluate(STORED) == []


async def test_a_tab_that_copies_the_page_is_logged_out_and_the_page_is_not(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)

    # A page that is opened by another begins with a copy of its session storage, as a duplicate does.
    async with visitor.expect_page() as opened:
        await graphiql.page.evaluate("() => void window.open(location.href)")
    copy = GraphiQL(await opened.value)

    await copy.wait_until_loaded()
    await expect(copy.password).to_be_visible()
    await graphiql.reload()
    await expect(graphiql.account).to_contain_text("admin@monitora.example")


async def test_it_says_that_nobody_is_logged_in_any_more_when_the_session_has_ended(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)
    # The session is ended elsewhere.
    async with graphiql.page.expect_request(lambda request: "Workspaces" in (request.post_data or "")) as asked:
        await graphiql.execute()
    authorization = (await (await asked.value).all_headers())["authorization"]
    await visitor.request.post(
        prepared.server.http,
        data={"query": "mutation { logout { __typename } }"},
        headers={"authorization": authorization},
    )

    await graphiql.execute()

    await expect(graphiql.status).to_have_text("You were logged out, because the session has ended: log in again.")
    await expect(graphiql.password).to_be_visible()


async def test_an_access_token_that_expired_while_the_page_was_away_is_exchanged_when_it_is_back(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)
    await graphiql.page.goto(f"http://{prepared.server.host}/demo")
    await graphiql.page.evaluate(
        """() => {
            const [key, text] = Object.entries(sessionStorage).find(([key]) => key.startsWith("monitora:graphiql:"));
            const expired = { ...JSON.parse(text), accessToken: "expired", expiresAt: new Date(0) };
            sessionStorage.setItem(key, JSON.stringify(expired));
        }"""
    )

    await graphiql.page.goto(f"http://{prepared.server.host}/graphiql")

    await expect(graphiql.account).to_contain_text("admin@monitora.example")
    await graphiql.execute()
    await expect(graphiql.response).to_contain_text("totalCount")


async def test_the_sentence_on_locked_accounts_comes_after_three_wrong_passwords(
    visitor: BrowserContext, prepared: Prepared, restartable: Path
) -> None:
    with running(restartable, **prepared.settings) as server:
        graphiql = await graphiql_at(visitor, f"http://{server.host}/graphiql")
        for _ in range(2):
            async with graphiql.page.expect_response("**/graphql"):
                await graphiql.try_to_log_in("wrong password")
            await expect(graphiql.status).to_have_text(WRONG)

        await graphiql.try_to_log_in("wrong password", "nobody@monitora.example")
        await expect(graphiql.status).to_contain_text(f"{WRONG} After several wrong passwords an account is locked")


@pytest.mark.parametrize("example", ["AddText", "Chat", "Conversations", "Progress"])
async def test_an_example_with_an_empty_id_says_what_to_do_and_is_not_sent(
    visitor: BrowserContext, prepared: Prepared, example: str
) -> None:
    graphiql = await graphiql_at(visitor, f"http://{prepared.server.host}/graphiql")
    await graphiql.log_in(prepared.password)
    await graphiql.choose(example)
    sent: list[str] = []
    graphiql.page.on("request", lambda request: sent.append(request.post_data or ""))
    graphiql.page.on("websocket", lambda socket: sent.append(socket.url))

    await graphiql.execute()

    await expect(graphiql.response).to_contain_text("Put the workspace's id into Variables")
    assert sent == []
