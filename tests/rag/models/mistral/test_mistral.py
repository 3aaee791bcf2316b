"""The real SDK over a real socket, against a server that behaves well or badly as each test asks."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import numpy as np
import pytest

from core.errors import ErrorCode
from rag.models.mistral import embedder as mistral
from rag.models.mistral.chat import MistralChat
from rag.models.mistral.connection import RetryPolicy
from rag.models.mistral.embedder import EmbeddingOptions, MistralEmbedder
from rag.models.protocols import ChatModel, Completion, Embedder, ModelError, Prompt, Token
from rag.retrieval.passages import Passage
from tests.support.mistral_server import Answer, Failure, Hang, MistralServer, Vectors
from tests.support.waiting import HANG_SECONDS

HASTY = RetryPolicy(connect=5.0, reply=10.0, between_tokens=10.0, attempts=3, first_pause=0.001, longest_pause=0.5)
SHORT = RetryPolicy(connect=5.0, reply=1.0, between_tokens=10.0, attempts=3, first_pause=0.001, longest_pause=0.1)
PROMPT = Prompt(
    system="You help.",
    passages=[Passage(UUID(int=1), UUID(int=2), "Delivery.pdf", 0, "Parcels come in three days.", 0.9, "page 3")],
    history=[],
    question="When do parcels come?",
    language="en",
    model="mistral-small-latest",
    temperature=0.3,
    max_tokens=200,
)


# One client of each kind serves all tests: none of the failures below may spoil it for the next question.
@pytest.fixture(scope="session")
async def running_chat(running_mistral_server: MistralServer) -> AsyncIterator[MistralChat]:
    async with aclosing(MistralChat("secret-key", server_url=running_mistral_server.url, retry_policy=HASTY)) as chat:
        yield chat


@pytest.fixture(scope="session")
async def running_embedder(running_mistral_server: MistralServer) -> AsyncIterator[MistralEmbedder]:
    embedder = MistralEmbedder(
        "secret-key", server_url=running_mistral_server.url, retry_policy=HASTY, indexing_retry_policy=HASTY
    )
    async with aclosing(embedder):
        yield embedder


@pytest.fixture
def chat(running_chat: MistralChat, mistral_server: MistralServer) -> MistralChat:
    return running_chat


@pytest.fixture
def embedder(running_embedder: MistralEmbedder, mistral_server: MistralServer) -> MistralEmbedder:
    return running_embedder


@pytest.fixture
async def impatient(mistral_server: MistralServer) -> AsyncIterator[MistralChat]:
    async with aclosing(MistralChat("secret-key", server_url=mistral_server.url, retry_policy=SHORT)) as chat:
        await chat._connection.sdk()  # so that the time to import the SDK is not the model's
        yield chat


async def read(chat: ChatModel) -> tuple[list[str], list[Completion], ModelError | None]:
    """Return the tokens, what came at the end, and the failure if there was one."""
    tokens: list[str] = []
    ends: list[Completion] = []
    try:
        async for piece in chat.stream(PROMPT):
            if isinstance(piece, Token):
                tokens.append(piece.text)
            else:
                ends.append(piece)
    except ModelError as failure:
        return tokens, ends, failure
    return tokens, ends, None


class TestAnswers:
    async def test_tokens_come_in_order_then_one_completion(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["In ", "three", " days [1]."]))

        tokens, ends, failure = await read(chat)

        assert tokens == ["In ", "three", " days [1]."]
        [end] = ends
        assert (end.finish_reason, end.completion_tokens, end.model) == ("stop", 3, "mistral-small-latest")
        assert end.prompt_tokens > 50
        assert failure is None

    async def test_the_request_carries_the_prompt_and_the_key(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        await read(chat)

        [request] = mistral_server.requests
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer secret-key"
        assert request.body["stream"] is True
        assert request.body["model"] == "mistral-small-latest"
        assert (request.body["temperature"], request.body["max_tokens"]) == (0.3, 200)
        assert "Parcels come in three days." in request.body["messages"][0]["content"]
        assert request.body["messages"][-1] == {"role": "user", "content": "When do parcels come?"}

    async def test_the_server_s_own_answer_is_made_of_the_question_and_cites(self, chat: MistralChat) -> None:
        tokens, _, _ = await read(chat)

        assert "".join(tokens) == "You asked: When do parcels come? The documents answer it [1]."

    @pytest.mark.parametrize(
        ("reason", "expected"),
        [("length", "length"), ("model_length", "length"), ("stop", "stop"), ("content_filter", "other")],
    )
    async def test_the_completion_says_why_the_answer_ended(
        self, chat: MistralChat, mistral_server: MistralServer, reason: str, expected: str
    ) -> None:
        mistral_server.behave(Answer(["In three"], finish_reason=reason))

        _, [end], _ = await read(chat)

        assert end.finish_reason == expected

    async def test_tokens_counted_after_the_last_chunk_are_read(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["a", "b"], usage="after the last chunk"))

        _, [end], _ = await read(chat)

        assert end.completion_tokens == 2
        assert end.prompt_tokens > 50

    async def test_a_server_that_counts_no_tokens_has_its_pieces_counted(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["a", "b", "c"], usage="never"))

        _, [end], _ = await read(chat)

        assert (end.prompt_tokens, end.completion_tokens) == (0, 3)

    async def test_a_model_about_to_be_withdrawn_still_answers(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["Yes."], headers={"x-model-deprecation-timestamp": "2030-01-01T00:00:00Z"}))

        assert (await read(chat))[0] == ["Yes."]

    async def test_many_answers_stream_at_once(self, chat: MistralChat, mistral_server: MistralServer) -> None:
        mistral_server.behave(*[Answer([f"{number} ", "end"], pace=0.01) for number in range(20)])

        outcomes = await asyncio.gather(*[read(chat) for _ in range(20)])

        assert sorted(int(tokens[0]) for tokens, _, _ in outcomes) == list(range(20))


class TestServersOfOnesOwn:
    @pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
    async def test_a_server_without_keys_is_asked_with_a_placeholder(
        self, mistral_server: MistralServer, ending: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MISTRAL_API_KEY", "the-key-of-the-environment")
        async with aclosing(MistralChat(None, server_url=mistral_server.url + ending, retry_policy=HASTY)) as chat:
            _, ends, failure = await read(chat)

        assert len(ends) == 1
        assert failure is None
        assert mistral_server.requests[0].path == "/v1/chat/completions"
        assert mistral_server.requests[0].headers["authorization"] == "Bearer none"

    @pytest.mark.parametrize("model", [MistralChat, MistralEmbedder])
    def test_mistral_s_own_server_needs_a_key(self, model: Callable[[str | None], object]) -> None:
        with pytest.raises(ValueError, match="API key"):
            model(None)

    async def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        with MistralServer() as gone:
            url = gone.url
        async with aclosing(MistralChat(None, server_url=url, retry_policy=HASTY)) as chat:
            _, _, failure = await read(chat)

        assert failure is not None
        assert (failure.code, failure.retryable) == (ErrorCode.MODEL_UNAVAILABLE, True)
        assert "MISTRAL_SERVER_URL" in failure.message


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "code", "retryable", "requests"),
        [
            (401, ErrorCode.MODEL_UNAUTHORIZED, False, 1),
            (403, ErrorCode.MODEL_UNAUTHORIZED, False, 1),
            (400, ErrorCode.MODEL_REFUSED, False, 1),
            (404, ErrorCode.MODEL_REFUSED, False, 1),
            (422, ErrorCode.MODEL_REFUSED, False, 1),
            (429, ErrorCode.MODEL_RATE_LIMITED, True, 3),
            (500, ErrorCode.MODEL_UNAVAILABLE, True, 3),
            (503, ErrorCode.MODEL_UNAVAILABLE, True, 3),
            (307, ErrorCode.MODEL_UNAVAILABLE, True, 3),
        ],
    )
    async def test_each_status_has_its_code_and_is_tried_again_if_it_may_pass(
        self,
        chat: MistralChat,
        mistral_server: MistralServer,
        status: int,
        code: ErrorCode,
        retryable: bool,
        requests: int,
    ) -> None:
        mistral_server.behave(*[Failure(status)] * 5)

        tokens, ends, failure = await read(chat)

        assert (tokens, ends) == ([], [])
        assert failure is not None
        assert (failure.code, failure.retryable) == (code, retryable)
        assert len(mistral_server.requests) == requests

    async def test_a_failure_that_passes_is_not_noticed(self, chat: MistralChat, mistral_server: MistralServer) -> None:
        mistral_server.behave(Failure(500), Failure(429), Answer(["Yes."]))

        tokens, ends, failure = await read(chat)

        assert tokens == ["Yes."]
        assert len(ends) == 1
        assert failure is None

    async def test_the_pause_that_a_server_asks_for_is_kept(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Failure(429, retry_after="0"), Failure(429, retry_after="Thu, 01 Jan 1970 00:00:00 GMT"))

        tokens, _, failure = await read(chat)

        assert tokens
        assert failure is None

    @pytest.mark.parametrize(
        "retry_after", ["3600", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)], ids=["s", "date"]
    )
    async def test_a_pause_longer_than_patience_is_not_waited_for(
        self, chat: MistralChat, mistral_server: MistralServer, retry_after: str
    ) -> None:
        mistral_server.behave(Failure(429, retry_after=retry_after))

        _, _, failure = await read(chat)

        assert failure is not None
        assert failure.code == ErrorCode.MODEL_RATE_LIMITED
        assert len(mistral_server.requests) == 1


class TestInterruptions:
    @pytest.mark.parametrize("ending", ["cut", "end", "malformed", "error"])
    async def test_an_answer_that_breaks_off_keeps_its_tokens_and_is_not_begun_again(
        self, chat: MistralChat, mistral_server: MistralServer, ending: str
    ) -> None:
        mistral_server.behave(Answer(["In ", "three"], then=ending))  # type: ignore[arg-type]

        tokens, ends, failure = await read(chat)

        assert tokens == ["In ", "three"]
        assert ends == []
        assert failure is not None
        assert (failure.code, failure.retryable) == (ErrorCode.MODEL_INTERRUPTED, True)
        assert len(mistral_server.requests) == 1

    @pytest.mark.parametrize("ending", ["cut", "end", "malformed", "error"])
    async def test_an_answer_that_breaks_off_before_its_first_token_is_asked_for_again(
        self, chat: MistralChat, mistral_server: MistralServer, ending: str
    ) -> None:
        mistral_server.behave(Answer([], then=ending), Answer(["Yes."]))  # type: ignore[arg-type]

        tokens, ends, failure = await read(chat)

        assert tokens == ["Yes."]
        assert len(ends) == 1
        assert failure is None

    async def test_a_model_that_says_it_failed_is_interrupted(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["In "], finish_reason="error"))

        tokens, ends, failure = await read(chat)

        assert (tokens, ends) == (["In "], [])
        assert failure is not None
        assert failure.code == ErrorCode.MODEL_INTERRUPTED


class TestWaiting:
    @pytest.mark.parametrize(
        "behaviour", [Hang(), Answer(["late"], first_delay=30)], ids=["no answer", "no first token"]
    )
    async def test_a_model_that_does_not_begin_times_out(
        self, impatient: MistralChat, mistral_server: MistralServer, behaviour: Hang | Answer
    ) -> None:
        mistral_server.behave(behaviour)

        tokens, _, failure = await read(impatient)

        assert tokens == []
        assert failure is not None
        assert (failure.code, failure.retryable) == (ErrorCode.MODEL_TIMEOUT, True)
        assert await asyncio.to_thread(mistral_server.requests[0].abandoned.wait, HANG_SECONDS)

    async def test_a_model_that_falls_silent_times_out(self, mistral_server: MistralServer) -> None:
        mistral_server.behave(Answer(["In ", "three"], then="hang"))
        retry_policy = RetryPolicy(reply=10.0, between_tokens=1.0)

        async with aclosing(MistralChat("key", server_url=mistral_server.url, retry_policy=retry_policy)) as chat:
            tokens, _, failure = await read(chat)

        assert tokens == ["In ", "three"]
        assert failure is not None
        assert failure.code == ErrorCode.MODEL_TIMEOUT
        assert await asyncio.to_thread(mistral_server.requests[0].abandoned.wait, HANG_SECONDS)

    async def test_attempts_share_one_wait(self, impatient: MistralChat, mistral_server: MistralServer) -> None:
        mistral_server.behave(Failure(500), Hang())

        _, _, failure = await read(impatient)

        assert failure is not None
        assert failure.code == ErrorCode.MODEL_TIMEOUT
        assert len(mistral_server.requests) == 2

    async def test_a_reader_who_leaves_closes_the_request(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["word "] * 1_000, pace=0.05))

        async with aclosing(chat.stream(PROMPT)) as answer:  # type: ignore[type-var]
            first = await anext(answer)

        assert first == Token("word ")
        assert await asyncio.to_thread(mistral_server.requests[0].abandoned.wait, HANG_SECONDS)

    async def test_a_task_that_is_cancelled_closes_the_request(
        self, chat: MistralChat, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Answer(["word "], then="hang"))
        begun = asyncio.Event()

        async def listen() -> None:
            async for _ in chat.stream(PROMPT):
                begun.set()

        task = asyncio.create_task(listen())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await asyncio.to_thread(mistral_server.requests[0].abandoned.wait, HANG_SECONDS)


class TestEmbedding:
    async def test_passages_become_unit_vectors_in_their_order(
        self, embedder: MistralEmbedder, mistral_server: MistralServer
    ) -> None:
        texts = ["Parcels come in three days.", "Parcels come within three days.", "The shop opens at nine."]

        vectors = await embedder.embed_passages(texts)

        assert vectors.shape == (3, 1024)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
        assert vectors[0] @ vectors[1] > 0.7 > vectors[0] @ vectors[2]
        assert mistral_server.requests[0].body == {"model": "mistral-embed", "input": texts}

    async def test_a_question_is_embedded_like_a_passage(self, embedder: MistralEmbedder) -> None:
        question = await embedder.embed_question("When do parcels come?")

        assert question.shape == (1024,)
        assert np.array_equal(question, (await embedder.embed_passages(["When do parcels come?"]))[0])

    async def test_blank_texts_are_zero_and_not_sent(
        self, embedder: MistralEmbedder, mistral_server: MistralServer
    ) -> None:
        vectors = await embedder.embed_passages(["", "word", " \n"])

        assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 1, 0], abs=1e-5)
        assert not (await embedder.embed_question("  ")).any()
        assert (await embedder.embed_passages([])).shape == (0, 1024)
        assert [request.body["input"] for request in mistral_server.requests] == [["word"]]

    async def test_many_texts_go_in_bounded_batches(
        self, embedder: MistralEmbedder, mistral_server: MistralServer
    ) -> None:
        texts = [f"word{number}" for number in range(70)] + ["long " * 2_000] * 3 + ["x" * 50_000]

        vectors = await embedder.embed_passages(texts)

        batches = [request.body["input"] for request in mistral_server.requests]
        assert sum(map(len, batches)) == 74
        assert max(map(len, batches)) <= EmbeddingOptions().batch
        assert max(sum(map(len, batch)) for batch in batches) <= mistral.MAX_BATCH_CHARACTERS
        assert np.array_equal(vectors[65], await embedder.embed_question("word65"))

    async def test_a_rate_limit_in_the_middle_of_a_document_is_waited_out(
        self, embedder: MistralEmbedder, mistral_server: MistralServer
    ) -> None:
        mistral_server.behave(Failure(429, retry_after="0"), Failure(503))

        vectors = await embedder.embed_passages(["word"])

        assert vectors.any()
        assert len(mistral_server.requests) == 3

    @pytest.mark.parametrize("rows", [[[0.1] * 768], [], [[0.1] * 1024] * 2], ids=["size", "none", "too many"])
    async def test_other_vectors_than_asked_for_are_refused(
        self, embedder: MistralEmbedder, mistral_server: MistralServer, rows: list[list[float]]
    ) -> None:
        mistral_server.behave(Vectors(rows))

        with pytest.raises(ModelError, match="Check the name of the embedding model") as refusal:
            await embedder.embed_question("word")

        assert (refusal.value.code, refusal.value.retryable) == (ErrorCode.MODEL_REFUSED, False)

    async def test_a_wrong_key_is_said(self, embedder: MistralEmbedder, mistral_server: MistralServer) -> None:
        mistral_server.behave(Failure(401))

        with pytest.raises(ModelError, match="MISTRAL_API_KEY") as refusal:
            await embedder.embed_passages(["word"])

        assert refusal.value.code == ErrorCode.MODEL_UNAUTHORIZED


def test_both_are_what_the_protocols_ask_for() -> None:
    chat: ChatModel = MistralChat("key")
    embedder: Embedder = MistralEmbedder("key")

    assert chat.name == "mistral"
    assert (embedder.name, embedder.weight) == ("mistral-embed", 1.0)


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    program = (
        "import sys, rag.models.mistral.chat; print([name for name in sys.modules if name.startswith('mistralai')])"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
