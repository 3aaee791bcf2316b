"""A small server on 127.0.0.1 that speaks Mistral's wire format, well or badly, as a test tells it.

    with MistralServer() as server:
        server.behave(Failure(429, retry_after="1"), Answer(["Bon", "jour"]))
        ...  # ask server.url with the real SDK
        assert server.requests[0].body["model"] == "mistral-small-latest"

It runs in a thread of its own, so that it serves the test's process and any other. Without a behaviour in its queue it
answers from the question, citing [1], and embeds by hashing words: similar texts have similar vectors.
"""

import asyncio
import json
import re
import threading
import zlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tests.support.waiting import HANG_SECONDS

DIMENSIONS = 1024
_MAX_BODY_BYTES = 16 * 1024 * 1024

Ending = Literal["finish", "end", "cut", "hang", "malformed", "error"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A streamed answer. All durations are in seconds. Where its tokens have an event, it waits until that is set.

    After the tokens it may "finish" as it should, "end" the stream without finish_reason, "cut" the connection, "hang",
    send a "malformed" line, or send an "error" where a chunk is due.
    """

    tokens: Sequence[str | threading.Event]
    first_delay: float = 0.0
    pace: float = 0.0
    then: Ending = "finish"
    finish_reason: str = "stop"
    usage: Literal["with the last chunk", "after the last chunk", "never"] = "with the last chunk"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an HTTP error."""

    status: int
    retry_after: str | None = None
    message: str = "as the test asks"


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer at all, until the client goes away."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """An embedding response with these vectors, whatever was asked."""

    rows: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Raw:
    """A response to the byte: its body's pieces, and the last of them again and again where it is `endless`."""

    pieces: Sequence[bytes]
    status: int = 200
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    pace: float = 0.0


@dataclass(frozen=True, slots=True)
class Models:
    """The list of models."""


Behaviour = Answer | Failure | Hang | Models | Raw | Vectors


@dataclass(slots=True)
class RecordedRequest:
    """What a client sent. `abandoned` is set when the client closes the connection before the answer's end."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    abandoned: threading.Event = field(default_factory=threading.Event)


class MistralServer:
    """The server, running between `start` and `stop` or within a `with` block. `url` has no /v1 at its end."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[RecordedRequest] = []
        self._behaviours: deque[Behaviour] = deque()
        self._chat_behaviours: deque[Behaviour] = deque()
        self._list_behaviours: deque[Behaviour] = deque()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mistral-server", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def behave(self, *behaviours: Behaviour) -> None:
        """Queue what the next requests get, one behaviour each."""
        self._behaviours.extend(behaviours)

    def behave_in_chat(self, *behaviours: Behaviour) -> None:
        """Queue what the next questions get; embeddings in between are answered as they should be."""
        self._chat_behaviours.extend(behaviours)

    def behave_in_list(self, *behaviours: Behaviour) -> None:
        """Queue what the next requests for the list of models get; these get nothing of the other queues."""
        self._list_behaviours.extend(behaviours)

    def forget(self) -> None:
        """Forget the requests so far and the behaviours that were not used."""
        self.requests.clear()
        self._behaviours.clear()
        self._chat_behaviours.clear()
        self._list_behaviours.clear()

    def start(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=HANG_SECONDS)
        return self

    def stop(self) -> None:
        """Close the connections and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=HANG_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=HANG_SECONDS)
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MAX_BODY_BYTES)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: requests one after the other until the client closes it or a behaviour cuts it."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while request := await _read_request(reader):
                self.requests.append(request)
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client may leave at any moment, and so may the server
        finally:
            self._connections.discard(task)
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _answer(
        self, request: RecordedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer a request, and tell whether the connection may serve another."""
        answering = asyncio.ensure_future(self._behave(request, writer))
        leaving = asyncio.ensure_future(reader.read(1))  # nothing comes while an answer is due, but its end
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            request.abandoned.set()
        for task in (answering, leaving):
            task.cancel()
        outcomes = await asyncio.gather(answering, leaving, return_exceptions=True)
        return outcomes[0] is True

    async def _behave(self, request: RecordedRequest, writer: asyncio.StreamWriter) -> bool:
        queue = self._behaviours
        if request.path == "/v1/chat/completions" and self._chat_behaviours and not _rewrites(request):
            queue = self._chat_behaviours
        if request.path == "/v1/models":
            queue = self._list_behaviours
        behaviour = queue.popleft() if queue else _default(request)
        match behaviour:
            case Answer():
                return await _stream(behaviour, request, writer)
            case Failure():
                headers = {"retry-after": behaviour.retry_after} if behaviour.retry_after else {}
                error = {"object": "error", "message": behaviour.message, "type": "test", "code": str(behaviour.status)}
                await _reply(writer, behaviour.status, error, headers)
            case Vectors():
                await _reply(writer, 200, _embeddings(request, behaviour.rows), {})
            case Models():
                await _reply(writer, 200, {"object": "list", "data": [{"id": "mistral-embed", "object": "model"}]}, {})
            case Raw():
                return await _send(writer, behaviour)
            case Hang():
                await asyncio.Event().wait()
        return True


def _rewrites(request: RecordedRequest) -> bool:
    """Tell whether a question is to be rewritten, not answered."""
    return str(request.body["messages"][0]["content"]).startswith("Rewrite the visitor's last message")


def _default(request: RecordedRequest) -> Behaviour:
    match request.path:
        case "/v1/models":
            return Models()
        case "/v1/embeddings":
            texts = request.body["input"]
            return Vectors([embedding(text).tolist() for text in ([texts] if isinstance(texts, str) else texts)])
        case "/v1/chat/completions":
            question = request.body["messages"][-1]["content"]
            return Answer(re.findall(r"\s*\S+", f"You asked: {question} The documents answer it [1]."))
    return Failure(404, message=f"no such path: {request.path}")


def embedding(text: str) -> NDArray[np.float64]:
    """Return the vector of a text: the sum of its words' own directions, of unit length."""
    vector = sum((_direction(word) for word in re.findall(r"\w+", text.lower())), np.zeros(DIMENSIONS))
    length = float(np.linalg.norm(vector))
    unit: NDArray[np.float64] = vector / length if length else vector
    return unit


@lru_cache(maxsize=10_000)
def _direction(word: str) -> NDArray[np.float64]:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIMENSIONS)


def _words(request: RecordedRequest) -> int:
    texts = request.body.get("input") or [message["content"] for message in request.body.get("messages", [])]
    return len(" ".join(texts).split())


def _embeddings(request: RecordedRequest, rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    words = _words(request)
    return {
        "id": "emb-1",
        "object": "list",
        "model": request.body["model"],
        "data": [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)],
        "usage": {"prompt_tokens": words, "completion_tokens": 0, "total_tokens": words},
    }


async def _read_request(reader: asyncio.StreamReader) -> RecordedRequest | None:
    """Read one HTTP/1.1 request, or None when the client closes the connection instead."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    path = head[0].split(" ")[1]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return RecordedRequest(path, headers, json.loads(body) if body else {})


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _reply(writer: asyncio.StreamWriter, status: int, body: object, headers: Mapping[str, str]) -> None:
    content = json.dumps(body).encode()
    fixed = {"content-type": "application/json", "content-length": str(len(content))}
    writer.write(_head(status, {**fixed, **headers}) + content)
    await writer.drain()


async def _send(writer: asyncio.StreamWriter, raw: Raw) -> bool:
    """Send a body whose end is that of the connection."""
    writer.write(_head(raw.status, {"content-type": raw.content_type, "connection": "close", **raw.headers}))
    for piece in raw.pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(raw.pace)
    while raw.endless:
        writer.write(raw.pieces[-1])
        await writer.drain()
        await asyncio.sleep(raw.pace)
    return False


async def _stream(answer: Answer, request: RecordedRequest, writer: asyncio.StreamWriter) -> bool:
    """Stream an answer as server-sent events, and tell whether the connection may serve another request."""
    fixed = {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"}
    writer.write(_head(200, {**fixed, **answer.headers}))
    await writer.drain()
    await asyncio.sleep(answer.first_delay)
    async for line in _lines(answer, request):
        data = f"data: {line}\n\n".encode()
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await writer.drain()
    match answer.then:
        case "cut":
            writer.transport.abort()
            return False
        case "hang":
            await asyncio.Event().wait()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _lines(answer: Answer, request: RecordedRequest) -> AsyncIterator[str]:
    """Yield the data of each event, at the answer's pace."""
    words = _words(request)
    count = sum(isinstance(token, str) for token in answer.tokens)
    usage = {"prompt_tokens": words, "completion_tokens": count, "total_tokens": words + count}
    model = request.body["model"]
    yield _chunk(model, {"role": "assistant", "content": ""})
    for token in answer.tokens:
        if isinstance(token, threading.Event):
            while not token.is_set():  # noqa: ASYNC110 - the test sets it in a thread of its own
                await asyncio.sleep(0.01)
            continue
        yield _chunk(model, {"content": token})
        await asyncio.sleep(answer.pace)
    match answer.then:
        case "malformed":
            yield '{"id": "cut in the mid'
        case "error":
            yield json.dumps({"error": {"message": "out of memory", "code": 500}})
        case "finish":
            last = {"usage": usage} if answer.usage == "with the last chunk" else {}
            yield _chunk(model, {"content": ""}, finish_reason=answer.finish_reason, **last)
            if answer.usage == "after the last chunk":
                yield json.dumps({"id": "cmpl-1", "model": model, "choices": [], "usage": usage})
            yield "[DONE]"


def server_sent_event(text: str, **more: Any) -> bytes:
    """Return an event that carries a piece of an answer, as `Raw` takes it."""
    return f"data: {_chunk('model', {'content': text}, **more)}\n\n".encode()


def _chunk(model: str, delta: Mapping[str, Any], *, finish_reason: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return json.dumps(
        {"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice], **more}
    )
