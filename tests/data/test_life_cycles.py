"""The specification's six life cycles through the graph: the same outcomes and as many statements on both databases."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from passlib.hash import argon2
from starlette.datastructures import UploadFile

from core.security.passwords import Passwords
from data.engine import Database
from monitora.composition import running_services
from monitora.settings.settings import Settings
from resolvers.services import Services
from tests.support.logins import lasting_look_ups
from tests.support.people import GARDEN, PASSWORD, Person, Shop
from tests.support.statements import Statements, calls

STATEMENTS = {
    "register": 5,
    "register again": 1,
    "login": 6,
    "refreshSession": 3,
    "me": 2,
    "createWorkspace": 7,
    "updateWorkspace": 3,
    "workspaces": 3,
    "uploadDocument": 9,
    "documents": 2,
    "createApiKey, startVisit": 7,
    "chat": 24,
    "chat, answered from the cache": 18,
    "rateMessage": 4,
    "resolveMessage": 5,
    "history": 3,
    "dashboard": 7,
    "recalculateInsights": 3,
    "deleteDocument": 9,
    "deleteWorkspace": 3,
    "logout": 2,
}
"""What each operation costs, on either database. A procedure's call is one, and so is the look-up of a new token."""
SESSION = "... on Session { accessToken refreshToken user { email role } }"
DASHBOARD = """query ($id: ID!) { workspace(id: $id) {
    stats { totalConversations totalMessages } metrics { totalMessages cacheHits }
    analytics { totalMessages ratedCount satisfactionRate } dailyMetrics { avgSatisfaction }
    insights { totalMessages totalConversations ratedCount satisfactionRate } } }"""
HISTORY = "query ($id: ID!) { conversation(id: $id) { messages { totalCount nodes { id role feedback isResolved } } } }"


@asynccontextmanager
async def serving(database: Database, settings: Settings, *, walled: bool = False) -> AsyncIterator[Services]:
    """Run the parts of a server on a database that is there, behind row-level security or not."""
    url = database.url.render_as_string(hide_password=False)
    chosen = settings.model_copy(update={"database_url": url, "pool_size": 2, "row_level_security": walled})
    async with running_services(chosen) as services:
        services.jobs.start()
        yield replace(
            services,
            passwords=Passwords(argon2.using(rounds=1, memory_cost=8, parallelism=1)),
            sessions=lasting_look_ups(services.database),
        )


class Ledger:
    """What each operation of a life cycle cost."""

    def __init__(self, statements: Statements) -> None:
        self.costs: dict[str, int] = {}
        self._statements = statements

    @contextmanager
    def operation(self, name: str) -> Iterator[None]:
        """Count the block's statements."""
        with self._statements.recorded() as sent:
            yield
        self.costs[name] = len(calls(sent))


async def _registers(anyone: Person, ledger: Ledger) -> Person:
    email = "owner@example.com"
    with ledger.operation("register"):
        opened = await anyone.change(f"register {SESSION}", email=email, password=PASSWORD)
    with ledger.operation("register again"):
        taken = await anyone.change("register", email="OWNER@example.com", password=PASSWORD)
    with ledger.operation("login"):
        again = await anyone.change(f"login {SESSION}", email=email, password=PASSWORD)
    with ledger.operation("refreshSession"):
        renewed = await anyone.change(f"refreshSession {SESSION}", refreshToken=again["refreshToken"])
    owner = Person(anyone.services, renewed["accessToken"])
    with ledger.operation("me"):
        me = await owner.ask("{ me { email role lastLoginAt } }")
    assert opened["user"] == {"email": email, "role": "ADMIN"}
    assert taken["code"] == "EMAIL_TAKEN"
    assert me["me"]["email"] == email
    assert me["me"]["lastLoginAt"]
    return owner


async def _makes_a_chatbot(owner: Person, ledger: Ledger) -> Shop:
    with ledger.operation("createWorkspace"):
        made = await owner.change("createWorkspace ... on CreateWorkspacePayload { workspace { id } }", name="Garden")
    shop = Shop(owner, made["workspace"]["id"])
    with ledger.operation("updateWorkspace"):
        await owner.change("updateWorkspace", id=shop.id, name="Gardens", allowedDomains=["shop.example"])
    with ledger.operation("workspaces"):
        listed = await owner.ask("{ workspaces { totalCount nodes { name insights { totalMessages } } } }")
    assert listed["workspaces"] == {"totalCount": 1, "nodes": [{"name": "Gardens", "insights": {"totalMessages": 0}}]}
    return shop


async def _feeds_it(shop: Shop, ledger: Ledger) -> None:
    file = UploadFile(io.BytesIO(GARDEN.encode()), filename="garden.md")
    payload = "uploadDocument ... on UploadDocumentPayload { document { id status } }"
    with ledger.operation("uploadDocument"):
        uploaded = await shop.owner.change(payload, workspaceId=shop.id, file=file)
    await shop.owner.services.jobs.finish()
    with ledger.operation("documents"):
        listed = await shop.owner.ask(
            "query ($id: ID!) { workspace(id: $id) { documents { nodes { name status chunkCount } } } }", id=shop.id
        )
    assert uploaded["document"]["status"] == "PENDING"
    [document] = listed["workspace"]["documents"]["nodes"]
    assert (document["status"], document["chunkCount"] > 0) == ("READY", True)


async def _talks(shop: Shop, ledger: Ledger) -> None:
    with ledger.operation("createApiKey, startVisit"):
        visitor = await shop.visitor()
    with ledger.operation("chat"):
        events = await visitor.chat("When does the garden centre open?")
    with ledger.operation("chat, answered from the cache"):
        again = await visitor.chat("When does the garden centre open?")
    message = events[-1]["message"]["id"]
    with ledger.operation("rateMessage"):
        await visitor.change("rateMessage", messageId=message, feedback=1, comment="Clear")
    with ledger.operation("resolveMessage"):
        await shop.owner.change("resolveMessage", messageId=message)
    with ledger.operation("history"):
        history = await shop.owner.ask(HISTORY, id=events[0]["conversation"]["id"])
    assert "nine" in events[-1]["message"]["content"]
    assert again[-1]["message"]["cached"]
    rows = history["conversation"]["messages"]["nodes"]
    assert [(row["role"], row["feedback"], row["isResolved"]) for row in rows] == [
        ("USER", None, False),
        ("ASSISTANT", 1, True),
    ]


async def _reads_its_figures(shop: Shop, ledger: Ledger) -> None:
    with ledger.operation("dashboard"):
        figures = (await shop.owner.ask(DASHBOARD, id=shop.id))["workspace"]
    with ledger.operation("recalculateInsights"):
        counted = await shop.owner.change(
            "recalculateInsights ... on RecalculateInsightsPayload "
            "{ insights { totalMessages totalConversations ratedCount satisfactionRate } }",
            workspaceId=shop.id,
        )
    assert figures["analytics"] == [{"totalMessages": 4, "ratedCount": 1, "satisfactionRate": 1.0}]
    assert figures["stats"] == {"totalConversations": 2, "totalMessages": 4}
    assert counted["insights"] == figures["insights"]


async def _leaves(shop: Shop, ledger: Ledger) -> None:
    listed = await shop.owner.ask("query ($id: ID!) { workspace(id: $id) { documents { nodes { id } } } }", id=shop.id)
    with ledger.operation("deleteDocument"):
        await shop.owner.change("deleteDocument", id=listed["workspace"]["documents"]["nodes"][0]["id"])
    with ledger.operation("deleteWorkspace"):
        await shop.owner.change("deleteWorkspace", id=shop.id)
    with ledger.operation("logout"):
        await shop.owner.ask("mutation { logout { ended } }")
    assert await shop.owner.refusal("{ workspaces { totalCount } }") == "UNAUTHENTICATED"


async def lived(services: Services) -> dict[str, int]:
    """Live the six life cycles and return what each operation cost."""
    ledger = Ledger(Statements(services.database))
    owner = await _registers(Person(services), ledger)
    shop = await _makes_a_chatbot(owner, ledger)
    await _feeds_it(shop, ledger)
    await _talks(shop, ledger)
    await _reads_its_figures(shop, ledger)
    await _leaves(shop, ledger)
    return ledger.costs


async def test_the_life_cycles_cost_as_many_statements_on_both_databases(
    database: Database, settings: Settings
) -> None:
    async with serving(database, settings) as services:
        assert await lived(services) == STATEMENTS
