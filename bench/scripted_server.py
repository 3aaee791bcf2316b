"""Monitora with a model that says what it is told: `rate` tokens a second, or as many as it can when `rate` is 0.

A question "500 50" is answered with 500 tokens at 50 a second, once `/begin/N` finds that N are asked: beginning the
questions is not what is measured. Each token holds the moment it was made, for the reader to measure the delay. Beside
the graph, `/bare` streams the same over a plain socket: what the transport itself costs.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from data.engine import Database
from data.migrations import migrate
from monitora import composition, demo
from monitora.application import create_application
from monitora.command_line.logging import configure_logging
from monitora.http.connections import Connections
from monitora.http.protocol import BoundedHttpProtocol
from monitora.settings.settings import Settings
from monitora.websocket.transport import SlowConsumerProtocol
from rag.models.local.embedder import LocalEmbedder
from rag.models.protocols import Completion, Prompt, Token

BURST = 25
WAITING: list[asyncio.Future[None]] = []
"""Those who were asked and wait for the signal."""


async def tokens(count: int, rate: float) -> AsyncIterator[str]:
    """Yield tokens, each with the moment it was made. Those at a rate do not all come at the same moments."""
    WAITING.append(asyncio.get_running_loop().create_future())
    await WAITING[-1]
    started = time.perf_counter() + (random.random() / rate if rate else 0)
    for number in range(count):
        if rate:
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        elif number % BURST == 0:
            await asyncio.sleep(0)
        yield f"{time.time():.6f} "


class ScriptedModel:
    """Answers "COUNT RATE"."""

    name = "scripted"
    provider = "scripted"

    async def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield the tokens asked for."""
        count, rate = prompt.question.split()[:2]
        async for text in tokens(int(count), float(rate)):
            yield Token(text)
        yield Completion("stop", 0, int(count))


@asynccontextmanager
async def scripted_models(_settings: Settings) -> AsyncIterator[tuple[ScriptedModel, LocalEmbedder]]:
    """Stand in for `monitora.composition.models`."""
    yield ScriptedModel(), LocalEmbedder()


async def begin(request: Request) -> PlainTextResponse:
    """Wait until so many were asked, let all begin, and tell when."""
    while len(WAITING) < request.path_params["count"]:  # noqa: ASYNC110 - asked for once a run
        await asyncio.sleep(0.01)
    for waiting in WAITING:
        if not waiting.done():
            waiting.set_result(None)
    WAITING.clear()
    return PlainTextResponse(str(time.time()))


async def bare(socket: WebSocket) -> None:
    """Stream tokens over a plain socket, in frames of the same form."""
    await socket.accept(subprotocol="graphql-transport-ws")
    await socket.receive_text()
    await socket.send_text('{"type":"connection_ack"}')
    try:
        question = (await socket.receive_json())["payload"]["variables"]["input"]["content"]
    except WebSocketDisconnect:
        return
    count, rate = question.split()[:2]
    await socket.send_text('{"id":"1","type":"next","payload":{"data":{"chat":{"__typename":"AnswerStarted"}}}}')
    number = 0
    async for text in tokens(int(count), float(rate)):
        number += 1
        await socket.send_text(
            f'{{"id":"1","type":"next","payload":{{"data":{{"chat":{{"__typename":"AnswerDelta","sequence":{number},'
            f'"text":"{text}"}}}}}}}}'
        )
    await socket.send_text('{"id":"1","type":"complete"}')
    await socket.close()


async def prepared(folder: Path, port: int) -> uvicorn.Server:
    """Prepare the sample workspace, print its key and return a server of it."""
    composition.models = scripted_models  # type: ignore[assignment]
    settings = Settings(data_dir=folder, cache_hours=0, rates={})
    settings.prepare_data_dir()
    database = Database(settings.database)
    await migrate(database)
    await database.close()
    async with composition.running_services(settings) as parts:
        await demo.prepare(parts, settings)
        print(await demo.published_key(parts.database, settings), flush=True)
    application = create_application(settings)
    application.routes.append(WebSocketRoute("/bare", bare))
    application.routes.append(Route("/begin/{count:int}", begin))
    configuration = uvicorn.Config(
        application,
        port=port,
        log_config=None,
        access_log=False,
        http=BoundedHttpProtocol,
        ws=SlowConsumerProtocol,
        ws_per_message_deflate=False,
        backlog=4096,
    )
    server = uvicorn.Server(configuration)
    server.server_state = Connections(settings.connection_bounds, settings.forwarded_allow_ips)
    return server


if __name__ == "__main__":
    configure_logging("warning", "text")
    asyncio.run(prepared(Path(sys.argv[1]), int(sys.argv[2]))).run()
