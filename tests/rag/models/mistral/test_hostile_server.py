"""A model's server that is wrong, broken or another's: what it sends is bounded, and what it says stays in the log."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.errors import ErrorCode
from rag.models.mistral import body
from rag.models.mistral.chat import MAX_ANSWER_CHARACTERS, MAX_COUNTED_TOKENS, MistralChat
from rag.models.mistral.connection import RetryPolicy
from rag.models.mistral.embedder import MistralEmbedder
from rag.models.mistral.failures import MAX_LOGGED_CHARACTERS
from rag.models.protocols import Completion, ModelError, Prompt, Token, Turn
from tests.support.mistral_server import Failure, MistralServer, Raw, server_sent_event

KEY = "key-of-the-operator"
PATIENT = RetryPolicy(reply=60.0, between_tokens=60.0, attempts=1)
PROMPT = Prompt(
    system="You are the assistant of Zinnia Flowers.",
    passages=(),
    history=[Turn("user", "I am Lovelace."), Turn("assistant", "Hello Lovelace.")],
    question="Where is my parcel 4711?",
    language="en",
    model="mistral-small",
    temperature=0.3,
    max_tokens=200,
)
END = server_sent_event("", finish_reason="stop", usage={"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4})


@pytest.fixture
async def chat(mistral_server: MistralServer) -> AsyncIterator[MistralChat]:
    """A chat model of a server that does as a test asks."""
    async with aclosing(MistralChat(KEY, server_url=mistral_server.url, retry_policy=PATIENT)) as chat:
        yield chat


async def _read(chat: MistralChat) -> tuple[str, Completion | None, ModelError | None]:
    """Return the text, the end and the failure of an answer."""
    text, end = "", None
    try:
        async for piece in chat.stream(PROMPT):
            if isinstance(piece, Token):
                text += piece.text
            else:
                end = piece
    except ModelError as failure:
        return text, end, failure
    return text, end, None


class TestErrors:
    """The body of an error is logged in part; the person who asked reads a sentence of ours."""

    @pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503, 302])
    async def test_what_an_error_says_is_logged_and_not_told(
        self, chat: MistralChat, mistral_server: MistralServer, status: int
    ) -> None:
        mistral_server.behave(Failure(status, message="Unsupported sampler at 10.0.0.7:9000"))

        with capture_logs() as lines:
            _, _, failure = await _read(chat)

        assert failure is not None
        assert "sampler" not in f"{failure} {failure.message}"
        assert "10.0.0.7" not in failure.message
        [line] = lines
        assert (line["event"], line["status"]) == ("model_refused", status)
        assert "Unsupported sampler" in line["said"]

    @pytest.mark.parametrize(
        ("content_type", "page"),
        [
            ("text/html", f"<html><h1>Bad gateway</h1><pre>Authorization: Bearer {KEY}</pre>"),
            ("application/json", json.dumps({"detail": [{"msg": "Bad gateway", "input": PROMPT.question}]})),
            ("application/json", json.dumps({"error": f"Bad gateway: {PROMPT.system} {PROMPT.history[0].content}"})),
            ("text/plain", f"Bad gateway \x1b[31m token=sk-{'a1' * 30} ada@example.com"),
            ("text/plain; charset=utf-16", "Bad gateway"),
            ("text/plain; charset=hex", "Bad gateway"),
            ("application/json", "[" * 10_000),
        ],
        ids=[
            "key in a page",
            "question echoed",
            "prompt echoed",
            "secrets",
            "another encoding",
            "no encoding",
            "nested",
        ],
    )
    async def test_neither_the_key_nor_the_prompt_is_logged(
        self, chat: MistralChat, mistral_server: MistralServer, content_type: str, page: str
    ) -> None:
        mistral_server.behave(Raw([page.encode()], status=502, content_type=content_type))

        with capture_logs() as lines:
            _, _, failure = await _read(chat)

        assert failure is not None
        assert failure.code == ErrorCode.MODEL_UNAVAILABLE
        assert "gateway" not in failure.message
        [line] = lines
        for secret in (KEY, "Lovelace", "4711", "parcel", "Zinnia", "a1a1", "ada@", "\x1b"):
            assert secret not in str(line)
        assert len(line["said"]) <= MAX_LOGGED_CHARACTERS

    @pytest.mark.parametrize("endless", [False, True], ids=["10 MB", "endless"])
    async def test_no_more_of_an_error_is_read_than_is_needed(
        self, chat: MistralChat, mistral_server: MistralServer, endless: bool
    ) -> None:
        mistral_server.behave(Raw([b"x" * 1_000_000] * 10, status=500, content_type="text/html", endless=endless))

        with capture_logs() as lines:
            _, _, failure = await _read(chat)

        assert failure is not None
        assert failure.code == ErrorCode.MODEL_UNAVAILABLE
        assert len(lines[0]["said"]) <= MAX_LOGGED_CHARACTERS

    async def test_a_refused_embedding_is_not_told_either(self, mistral_server: MistralServer) -> None:
        policy = RetryPolicy(attempts=1)
        embedder = MistralEmbedder(KEY, server_url=mistral_server.url, retry_policy=policy)
        mistral_server.behave(Failure(400, message=f"cannot embed parcel with {KEY}"))

        async with aclosing(embedder):
            with capture_logs() as lines, pytest.raises(ModelError) as refused:
                await embedder.embed_question("Where is my parcel?")

        assert "embed parcel" not in refused.value.message
        assert "cannot embed … with …" in lines[0]["said"]
        assert KEY not in str(lines)


class TestStreams:
    """An answer has a longest text, stream and time, whatever the server sends."""

    @pytest.mark.parametrize(
        "raw",
        [
            Raw([server_sent_event("word " * 20)], endless=True),
            Raw([server_sent_event("x" * 1_000_000)], endless=True),
        ],
        ids=["endless", "tokens of 1 MB"],
    )
    async def test_a_text_without_end_is_cut_at_its_longest(
        self, chat: MistralChat, mistral_server: MistralServer, raw: Raw
    ) -> None:
        mistral_server.behave(raw)

        text, end, failure = await _read(chat)

        assert failure is None
        assert len(text) == MAX_ANSWER_CHARACTERS
        assert end is not None
        assert end.finish_reason == "length"

    @pytest.mark.parametrize(
        "noise",
        [b": ping\n\n" * 1_000, server_sent_event("") * 100, b"data: " + b"x" * 100_000, b"\n" * 100_000],
        ids=["comments", "empty pieces", "a line without end", "empty lines"],
    )
    async def test_a_stream_that_says_nothing_without_end_is_left(
        self, chat: MistralChat, mistral_server: MistralServer, noise: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(body, "MAX_STREAM_BYTES", 300_000)
        mistral_server.behave(Raw([server_sent_event("At nine"), noise], endless=True))

        text, end, failure = await _read(chat)

        assert (text, end) == ("At nine", None)
        assert failure is not None
        assert failure.code == ErrorCode.MODEL_INTERRUPTED

    async def test_an_answer_that_never_comes_to_its_end_is_left(self, mistral_server: MistralServer) -> None:
        mistral_server.behave(Raw([server_sent_event("and ")], endless=True, pace=0.05))
        policy = RetryPolicy(reply=60.0, between_tokens=60.0, answer=1.0)

        async with aclosing(MistralChat(KEY, server_url=mistral_server.url, retry_policy=policy)) as chat:
            _, end, failure = await _read(chat)

        assert end is None
        assert failure is not None
        assert failure.code == ErrorCode.MODEL_TIMEOUT

    async def test_what_is_compressed_is_not_unpacked(self, chat: MistralChat, mistral_server: MistralServer) -> None:
        bomb = gzip.compress(b"x" * 50_000_000)
        mistral_server.behave(Raw([bomb], headers={"content-encoding": "gzip"}))

        _, _, failure = await _read(chat)

        assert failure is not None
        assert failure.code == ErrorCode.MODEL_INTERRUPTED
        assert mistral_server.requests[0].headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize(
        "event",
        [
            b"data: null\n\n",
            b"data: 7\n\n",
            b"data: {}\n\n",
            b'data: {"choices": null}\n\n',
            b'data: {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": 7}}]}\n\n',
            b"data: " + b"[" * 100_000 + b"\n\n",
            b"data: \xff\xfe\n\n",
            server_sent_event("\ud800"),
            b"\x00\x00\n\n",
        ],
        ids=["null", "number", "empty", "no choices", "content", "nested", "not UTF-8", "surrogate", "zeros"],
    )
    async def test_an_event_that_is_none_fails_the_answer_or_is_passed_over(
        self, chat: MistralChat, mistral_server: MistralServer, event: bytes
    ) -> None:
        mistral_server.behave(Raw([server_sent_event("At nine"), event, END]))

        text, end, failure = await _read(chat)

        assert text == "At nine"
        if failure is None:
            assert end is not None
        else:
            assert failure.code == ErrorCode.MODEL_INTERRUPTED

    @pytest.mark.parametrize(
        ("count", "believed"), [(-5, 0), (0, 0), (7, 7), (10**30, MAX_COUNTED_TOKENS), (2**31, MAX_COUNTED_TOKENS)]
    )
    async def test_numbers_of_tokens_can_be_added_up(
        self, chat: MistralChat, mistral_server: MistralServer, count: int, believed: int
    ) -> None:
        usage = {"prompt_tokens": count, "completion_tokens": count, "total_tokens": count}
        mistral_server.behave(Raw([server_sent_event("At nine", finish_reason="stop", usage=usage)]))

        _, end, _ = await _read(chat)

        assert end is not None
        assert (end.prompt_tokens, end.completion_tokens) == (believed, believed)

    async def test_a_name_of_a_model_can_be_stored_and_logged(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        chunk: dict[str, Any] = json.loads(server_sent_event("At nine", finish_reason="stop")[6:])
        chunk["model"] = "m\x1b[31m" + "x" * 10_000
        mistral_server.behave(Raw([f"data: {json.dumps(chunk)}\n\n".encode()]))

        _, end, _ = await _read(chat)

        assert end is not None
        assert end.model.startswith("m[31mx")
        assert len(end.model) <= 100

    async def test_vectors_without_end_are_refused(
        self, mistral_server: MistralServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(body, "MAX_REPLY_BYTES", 1_000_000)
        mistral_server.behave(Raw([b'{"data": [', b"0," * 10_000], content_type="application/json", endless=True))
        embedder = MistralEmbedder(KEY, server_url=mistral_server.url, retry_policy=PATIENT)

        async with aclosing(embedder):
            with pytest.raises(ModelError) as refused:
                await embedder.embed_question("When?")

        assert not refused.value.retryable


class TestProbe:
    async def test_the_body_of_the_list_of_models_is_not_read(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave_in_list(Raw([b"x" * 100_000], content_type="application/json", endless=True))

        await chat.probe()
