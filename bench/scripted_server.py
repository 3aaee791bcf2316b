"""Monitora with a model that says what it is told: `rate` tokens a second, or as many as it can when `rate` is 0.

A question "500 50" is answered with 500 tokens at 50 a second. Each token holds the moment it was made, for the reader
to measure the delay. Beside the graph, `/bare` streams the same over a plain socket: what the transport itself costs.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from data.engine import Database
from data.migrations import migrate
from monitora import demo, services
from monitora.application import create_application
from monitora.settings import Settings
from rag.models.local_embedder import LocalEmbedder
from rag.models.protocols import Completion, Prompt, Token

BURST = 25


async def tokens(count: int, rate: float) -> AsyncIterator[str]:
    """Yield tokens, each with the moment it was made."""
    started = time.perf_counter()
    for number in range(count):
        if rate:
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        elif number % BURST == 0:
            await asyncio.sleep(0)
        yield f"{time.time():.6f} "


class ScriptedModel:
    """Answers "COUNT RATE"."""

    name = "scripted"

    async def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield the tokens asked for."""
        count, rate = prompt.question.split()[:2]
        async for text in tokens(int(count), float(rate)):
            yield Token(text)
        yield Completion("stop", 0, int(count))


@asynccontextmanager
async def scripted_models(_settings: Settings) -> AsyncIterator[tuple[ScriptedModel, LocalEmbedder]]:
    """Stand in for `monitora.services.models`."""
    yield ScriptedModel(), LocalEmbedder()


async def bare(socket: WebSocket) -> None:
    """Stream tokens over a plain socket, in frames of the same form."""
    await socket.accept(subprotocol="graphql-transport-ws")
    count, rate = (await socket.receive_text()).split()[:2]
    number = 0
    async for text in tokens(int(count), float(rate)):
        number += 1
        await socket.send_text(
            f'{{"id":"1","type":"next","payload":{{"data":{{"chat":{{"__typename":"AnswerDelta","sequence":{number},'
            f'"text":"{text}"}}}}}}}}'
        )
    await socket.send_text('{"id":"1","type":"complete"}')
    await socket.close()


async def serve(folder: Path, port: int) -> None:
    """Prepare the sample workspace and serve."""
    services.models = scripted_models  # type: ignore[assignment]
    settings = Settings(data_dir=folder, cache_hours=0, rates={})
    settings.prepare_data_dir()
    database = Database(settings.database)
    await migrate(database)
    await database.close()
    async with services.running_services(settings) as parts:
        await demo.prepare(parts, settings)
        print(await demo.published_key(parts.database, settings), flush=True)
    application = create_application(settings)
    application.routes.append(WebSocketRoute("/bare", bare))
    configuration = uvicorn.Config(
        application,
        port=port,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
    await uvicorn.Server(configuration).serve()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
