"""The table of who may what, over HTTP and the websocket: operation by operation."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
from sqlalchemy import select

from core.clock import now
from data.models import Job
from monitora.settings.settings import Settings
from resolvers.services import Services
from tests.schema.access.matrix import ENDLESS, REFUSED, AccessMatrix, Answer
from tests.schema.access.operations import Operation, operations
from tests.schema.access.table import row_of, rows
from tests.schema.access.tenant import VIEWERS, TenantFixture, furnished
from tests.support.rows import fetch
from tests.support.server import Server, running
from tests.support.waiting import HANG_SECONDS, until_seen

GREETED = "connection_ack"


class Network:
    """Asks the real server, with the viewer's token where clients put it."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def ask(self, tenant: TenantFixture, viewer: str, operation: Operation) -> list[Answer]:
        person = tenant.people[viewer]
        token = {"authorization": f"Bearer {person.token}"} if person.token else {}
        origin = {"origin": person.origin} if person.origin else {}
        payload = {"query": operation.text, "variables": operation.variables}
        async with asyncio.timeout(HANG_SECONDS):
            if operation.root == "Subscription":
                return await self._follow(operation, payload, token, origin)
            async with self._session.post(self._server.http, json=payload, headers=token | origin) as response:
                return [await response.json()]

    async def _follow(
        self, operation: Operation, payload: Any, token: dict[str, str], origin: dict[str, str]
    ) -> list[Answer]:
        answers: list[Answer] = []
        options: Any = {"protocols": ["graphql-transport-ws"], "headers": origin}
        async with self._session.ws_connect(self._server.websocket, **options) as socket:
            await socket.send_json({"type": "connection_init", "payload": token})
            assert (await socket.receive_json())["type"] == GREETED
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            while (message := await socket.receive_json())["type"] != "complete":
                is_error = message["type"] == "error"
                answers.append({"errors": message["payload"]} if is_error else message["payload"])
                if is_error or operation.name in ENDLESS:
                    break
        return answers


def _can_be_asked(operation: Operation, outcome: str) -> bool:
    """Tell what changes nothing, and happens without somebody else in the server's process."""
    return operation.root == "Query" or outcome in REFUSED or operation.name in {"answer", "documentProgress"}


async def _is_cleaned_up(services: Services) -> bool:
    return bool(await fetch(services.database, select(Job.id).where(Job.not_before > now() + timedelta(hours=23))))


async def test_the_server_gives_what_the_table_says(services: Services, settings: Settings) -> None:
    tenant = await furnished(services, settings.data_dir / "monitora.db")
    wrong = []
    with running(settings.data_dir) as server:
        # The server cleans up when it starts.
        await until_seen(lambda: _is_cleaned_up(services), "the clean-up is done")
        before = tenant.stored()
        async with aiohttp.ClientSession() as session:
            for viewer in VIEWERS:
                matrix = AccessMatrix(tenant, viewer, Network(server, session).ask)
                for operation in operations(tenant, "Query", "Subscription"):
                    outcome = rows()[row_of(operation.row) or ""][viewer]
                    if _can_be_asked(operation, outcome) and (found := await matrix.run(operation)) != outcome:
                        wrong.append(f"`{operation.row}` is `{found}` for the {viewer}, not `{outcome}`")
                assert not matrix.faults
    assert not wrong, "\n".join(wrong)
    assert tenant.stored() == before
