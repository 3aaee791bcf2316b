"""The server's pages under a path of another site, by proxies that strip the path and by those that pass it on."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.mistral_server import Answer
from tests.support.server import running
from tests.widget.chat import Chat
from tests.widget.conftest import Assistant, Prepared
from tests.widget.graphiql import graphiql_at
from tests.widget.proxy import ReverseProxy

PATH = "/tools/monitora"


@pytest.fixture(params=["strips", "passes on"])
async def proxy(request: pytest.FixtureRequest, prepared: Prepared, restartable: Path) -> AsyncIterator[ReverseProxy]:
    """A proxy with the server behind it. At the end, no page has asked for anything outside the proxy's path."""
    async with ReverseProxy(prepared.server.host, PATH, strips=request.param == "strips") as proxy:
        if request.param == "strips":
            yield proxy
        else:
            # It learns the path from its public address.
            with running(restartable, **prepared.settings, MONITORA_PUBLIC_URL=proxy.address) as server:
                proxy.target = server.host
                yield proxy
        assert proxy.outside == []


async def test_the_chat_of_the_demo_page_answers(
    visitor: BrowserContext, proxy: ReverseProxy, assistant: Assistant
) -> None:
    page = await visitor.new_page()
    await page.goto(f"{proxy.address}/demo?theme=dark")
    chat = Chat(page)
    await chat.open()
    assistant.will_say(Answer(["Under a path, too."]))

    await chat.ask("Where are you?")

    assert await chat.last_word() == "Under a path, too."
    await expect(page.locator("body")).to_have_css("background-color", "rgb(16, 18, 22)")


@pytest.mark.parametrize("entry", ["/", "/demo/", "/demo/index.html"])
async def test_every_entry_leads_to_the_demo_page_and_its_links_stay_under_the_path(
    visitor: BrowserContext, proxy: ReverseProxy, entry: str
) -> None:
    page = await visitor.new_page()
    await page.goto(f"{proxy.address}{entry}")
    assert page.url == f"{proxy.address}/demo"

    await page.get_by_role("link", name="Monitora documentation centre").click()
    assert page.url == f"{proxy.address}/demo"
    graphiql = page.get_by_role("link", name="GraphiQL", exact=True)
    assert await graphiql.evaluate("link => link.href") == f"{proxy.address}/graphiql"


@pytest.mark.parametrize("page", ["graphiql", "graphiql/"])
async def test_graphiql_logs_in_runs_a_query_and_a_subscription(
    visitor: BrowserContext, proxy: ReverseProxy, assistant: Assistant, prepared: Prepared, page: str
) -> None:
    graphiql = await graphiql_at(visitor, f"{proxy.address}/{page}")
    await graphiql.log_in(prepared.password)
    await graphiql.reload()
    await expect(graphiql.account).to_contain_text("admin@monitora.example")

    await graphiql.execute()
    await expect(graphiql.response).to_contain_text("totalCount")

    listed = (await assistant.owner.ask("{ workspaces(first: 100) { nodes { id name } } }"))["workspaces"]["nodes"]
    (workspace_id,) = [workspace["id"] for workspace in listed if workspace["name"] == "Monitora guide"]
    question = {"workspaceId": workspace_id, "content": "When is the shop open?", "clientMessageId": str(uuid4())}
    await graphiql.choose("Chat")
    await graphiql.set_variables({"input": question})
    assistant.will_say(Answer(["I am here."]))
    await graphiql.execute()
    await expect(graphiql.response).to_contain_text("I am here.")
