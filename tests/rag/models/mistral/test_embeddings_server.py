"""A server of vectors beside the chat's: how it is asked, and what is believed of its answers."""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.errors import ErrorCode
from monitora.composition import models, tell_unknown_models
from monitora.settings.settings import Settings
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import MistralChat
from rag.models.mistral.connection import RetryPolicy
from rag.models.mistral.embedder import EmbeddingOptions, MistralEmbedder
from rag.models.mistral.failures import EMBEDDINGS_SERVER
from rag.models.protocols import ModelError
from tests.support.mistral_server import Failure, Hang, MistralServer, Raw
from tests.support.waiting import until

E5 = EmbeddingOptions(query_prefix="query: ", passage_prefix="passage: ")


def replied(data: object) -> Raw:
    """Return an answer as OpenAI's own API has it: without an id, and with nothing but the vectors."""
    return Raw([json.dumps({"object": "list", "data": data}).encode()], content_type="application/json")


def rows(*vectors: list[float]) -> list[dict[str, Any]]:
    return [{"index": number, "embedding": vector} for number, vector in enumerate(vectors)]


def embedder_of(
    server: MistralServer, options: EmbeddingOptions | None = None, patience: float = 20.0, attempts: int = 1
) -> MistralEmbedder:
    policy = RetryPolicy(reply=patience, attempts=attempts, first_pause=0.01)
    return MistralEmbedder(
        None,
        server_url=server.url,
        model="e5-small",
        options=options,
        variables=EMBEDDINGS_SERVER,
        retry_policy=policy,
        indexing_retry_policy=policy,
    )


class TestAsking:
    async def test_questions_and_passages_have_their_prefixes(self, mistral_server: MistralServer) -> None:
        async with aclosing(embedder_of(mistral_server, E5)) as embedder:
            await embedder.embed_passages(["At nine."])
            await embedder.embed_question("When?")

        asked = [request.body["input"] for request in mistral_server.requests]
        assert asked == [["passage: At nine."], ["query: When?"]]

    async def test_a_server_that_puts_the_prefixes_itself_is_told_which_texts_are_which(
        self, mistral_server: MistralServer
    ) -> None:
        async with aclosing(embedder_of(mistral_server, EmbeddingOptions(input_type=True))) as embedder:
            await embedder.embed_passages(["At nine."])
            await embedder.embed_question("When?")

        assert [request.body["input_type"] for request in mistral_server.requests] == ["passage", "query"]

    async def test_the_dimensions_are_asked_for_and_expected(self, mistral_server: MistralServer) -> None:
        async with aclosing(embedder_of(mistral_server, EmbeddingOptions(dimensions=2))) as embedder:
            mistral_server.behave(replied(rows([3.0, 4.0])), replied(rows([1.0, 1.0, 1.0])))
            vector = await embedder.embed_question("When?")
            with pytest.raises(ModelError, match="vectors of 3 numbers, and 2 are expected"):
                await embedder.embed_question("Where?")

        assert mistral_server.requests[0].body["dimensions"] == 2
        assert vector == pytest.approx([0.6, 0.8])

    async def test_what_the_model_gives_first_is_expected_of_it_later(self, mistral_server: MistralServer) -> None:
        async with aclosing(embedder_of(mistral_server)) as embedder:
            mistral_server.behave(replied(rows([1.0, 0.0])), replied(rows([1.0, 0.0, 0.0])))
            await embedder.embed_question("When?")
            with pytest.raises(ModelError) as refused:
                await embedder.embed_passages(["At nine."])

        assert refused.value.code is ErrorCode.MODEL_REFUSED

    async def test_requests_are_bounded_in_texts_and_in_number(self, mistral_server: MistralServer) -> None:
        options = EmbeddingOptions(batch=2, at_once=1)
        async with aclosing(embedder_of(mistral_server, options)) as embedder:
            mistral_server.behave(Hang())
            first = asyncio.create_task(embedder.embed_passages(["one", "two", "three"]))
            second = asyncio.create_task(embedder.embed_passages(["four"]))
            await until(lambda: len(mistral_server.requests) == 1, "the first request")
            question = await embedder.embed_question("When?")
            asked = [request.body["input"] for request in mistral_server.requests]
            first.cancel()
            vectors = await second
            with pytest.raises(asyncio.CancelledError):
                await first

        # The second waits for the first, and the question for neither.
        assert sorted(asked) == [["When?"], ["one", "two"]]
        assert question.any()
        assert vectors.any()

    async def test_the_pause_that_the_server_asks_for_is_kept(self, mistral_server: MistralServer) -> None:
        async with aclosing(embedder_of(mistral_server, attempts=3)) as embedder:
            mistral_server.behave(Failure(429, retry_after="0"), Failure(503))
            assert (await embedder.embed_passages(["At nine."])).any()
            mistral_server.behave(Failure(429, retry_after="3600"))
            with pytest.raises(ModelError) as refused:
                await embedder.embed_passages(["At nine."])

        assert refused.value.code is ErrorCode.MODEL_RATE_LIMITED
        assert len(mistral_server.requests) == 4

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            (EmbeddingOptions(), EmbeddingOptions(batch=8, at_once=9), True),
            (EmbeddingOptions(), EmbeddingOptions(query_prefix="query: "), True),
            (EmbeddingOptions(), EmbeddingOptions(passage_prefix="passage: "), False),
            (EmbeddingOptions(), EmbeddingOptions(input_type=True), False),
            (EmbeddingOptions(dimensions=256), EmbeddingOptions(dimensions=512), False),
        ],
    )
    def test_the_name_says_on_what_the_vectors_of_passages_depend(
        self, one: EmbeddingOptions, other: EmbeddingOptions, same: bool
    ) -> None:
        names = [MistralEmbedder("key", model="m" * 70, options=options).name for options in (one, other)]

        assert (names[0] == names[1]) == same
        assert max(map(len, names)) <= 100


class TestAnswers:
    async def test_vectors_come_in_the_order_of_the_texts_and_of_unit_length(
        self, mistral_server: MistralServer
    ) -> None:
        async with aclosing(embedder_of(mistral_server)) as embedder:
            mistral_server.behave(replied(list(reversed(rows([2.0, 0.0], [0.0, 1e200])))))
            vectors = await embedder.embed_passages(["one", "two"])

        assert vectors.tolist() == [[1.0, 0.0], [0.0, 1.0]]

    @pytest.mark.parametrize(
        "answer",
        [
            replied(rows([1.0, 0.0])),
            replied(rows([1.0, 0.0], [1.0, 0.0], [1.0, 0.0])),
            replied(rows([1.0, 0.0], [1.0])),
            replied(rows([], [])),
            replied([{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]),
            replied([{"index": 5, "embedding": [1.0]}, {"index": 7, "embedding": [1.0]}]),
            replied(rows([0.0, 0.0], [0.0, 0.0])),
            replied(rows([float("nan"), 0.0], [1.0, 0.0])),
            replied(rows([float("inf"), 0.0], [1.0, 0.0])),
            replied(rows([1.0] * 10_000, [1.0] * 10_000)),
            replied([{"embedding": ["a", "b"]}, {"embedding": None}]),
            replied("[]"),
            replied(None),
            Raw([b"<html>Welcome</html>"], content_type="text/html"),
            Raw([b"[" * 100_000], content_type="application/json"),
            Raw([b"\xff\xfe\x00"], content_type="application/json"),
            Raw([b""], content_type="application/json"),
        ],
        ids=[
            *("fewer", "more", "two sizes", "no numbers", "twice the same", "of other texts", "zeros", "NaN"),
            *("infinite", "too long", "texts", "a text", "null", "a page", "nested", "not UTF-8", "nothing"),
        ],
    )
    async def test_what_is_no_vector_a_text_is_refused(self, mistral_server: MistralServer, answer: Raw) -> None:
        async with aclosing(embedder_of(mistral_server)) as embedder:
            mistral_server.behave(answer)
            with pytest.raises(ModelError, match=r"e5-small gave .* Check the name of the embedding model") as refused:
                await embedder.embed_passages(["one", "two"])

        assert (refused.value.code, refused.value.retryable) == (ErrorCode.MODEL_REFUSED, False)

    @pytest.mark.parametrize(
        ("behave", "code", "said"),
        [
            (Hang, ErrorCode.MODEL_TIMEOUT, "did not answer in time"),
            (lambda: Failure(401), ErrorCode.MODEL_UNAUTHORIZED, "Check MONITORA_EMBEDDINGS_KEY"),
            (lambda: Failure(404), ErrorCode.MODEL_REFUSED, "HTTP 404"),
            (lambda: Failure(500), ErrorCode.MODEL_UNAVAILABLE, "out of order"),
            (lambda: Raw([b'{"data": [', b"0," * 500_000], endless=True), ErrorCode.MODEL_INTERRUPTED, "more than"),
        ],
        ids=["hangs", "key", "path", "broken", "endless"],
    )
    async def test_a_server_that_fails_has_one_clear_sentence(
        self, mistral_server: MistralServer, behave: Callable[[], Any], code: ErrorCode, said: str
    ) -> None:
        patience = 0.3 if code is ErrorCode.MODEL_TIMEOUT else 20.0
        async with aclosing(embedder_of(mistral_server, patience=patience)) as embedder:
            mistral_server.behave(behave())
            with pytest.raises(ModelError, match=re.escape(said)) as refused:
                await embedder.embed_passages(["one"])

        assert refused.value.code is code

    async def test_a_server_that_is_not_there_is_named_by_its_variable(self) -> None:
        embedder = MistralEmbedder(
            None, server_url="http://127.0.0.1:1", variables=EMBEDDINGS_SERVER, retry_policy=RetryPolicy(attempts=1)
        )
        async with aclosing(embedder):
            with pytest.raises(ModelError, match="MONITORA_EMBEDDINGS_URL"):
                await embedder.embed_question("When?")

    async def test_what_the_server_says_is_logged_without_the_passages(self, mistral_server: MistralServer) -> None:
        async with aclosing(embedder_of(mistral_server)) as embedder:
            mistral_server.behave(Failure(400, message="cannot embed Lovelace"))
            with capture_logs() as lines, pytest.raises(ModelError):
                await embedder.embed_passages(["Ada Lovelace wrote it."])

        assert lines[0]["event"] == "model_refused"
        assert "Lovelace" not in str(lines)


class TestSettings:
    async def test_vectors_come_from_a_server_of_their_own(
        self, settings: Settings, mistral_server: MistralServer
    ) -> None:
        changed = {"mistral_server_url": "http://127.0.0.1:1", "embeddings_url": f"{mistral_server.url}/v1"}
        async with models(settings.model_copy(update={**changed, "embeddings_model": "e5"})) as (chat, embedder):
            assert isinstance(chat, MistralChat)
            assert (await embedder.embed_question("When?")).any()

        assert mistral_server.requests[0].body["model"] == "e5"

    async def test_the_key_of_the_chat_goes_to_no_other_server(
        self, settings: Settings, mistral_server: MistralServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MISTRAL_API_KEY", "key-of-the-chat")
        given = Settings(embeddings_url=mistral_server.url, embeddings_model="e5", data_dir=settings.data_dir)
        async with models(given) as (_, embedder):
            await embedder.embed_question("When?")

        assert "key-of-the-chat" not in str(mistral_server.requests[0].headers)

    async def test_the_local_embedder_can_stay_beside_a_chat_model(self, settings: Settings) -> None:
        changed = {"mistral_server_url": "http://127.0.0.1:1", "embeddings_model": "local"}
        async with models(settings.model_copy(update=changed)) as (chat, embedder):
            assert isinstance(chat, MistralChat)
            assert isinstance(embedder, LocalEmbedder)

    async def test_a_model_that_a_server_does_not_know_is_told_with_those_it_does(
        self, mistral_server: MistralServer
    ) -> None:
        chat = MistralChat(None, server_url=mistral_server.url, model="mistral-embed")
        async with aclosing(embedder_of(mistral_server)) as embedder, aclosing(chat):
            with capture_logs() as lines:
                await tell_unknown_models(chat, embedder, LocalEmbedder())

        [line] = lines
        assert (line["event"], line["part"], line["model"]) == ("model_unknown", "embeddings", "e5-small")
        assert line["known"] == ["mistral-embed"]

    @pytest.mark.parametrize("answer", [Failure(404), Raw([b"<html>"]), Raw([b'{"data": 7}'])])
    async def test_a_server_without_a_list_of_models_is_told_nothing(
        self, mistral_server: MistralServer, answer: Failure | Raw
    ) -> None:
        async with aclosing(embedder_of(mistral_server)) as embedder:
            mistral_server.behave_in_list(answer)
            with capture_logs() as lines:
                await tell_unknown_models(embedder)

        assert lines == []

    async def test_the_operators_model_answers_for_workspaces_that_keep_the_default(
        self, mistral_server: MistralServer
    ) -> None:
        async with aclosing(MistralChat(None, server_url=mistral_server.url, model="qwen3:8b")) as chat:
            names = [chat._served_name(model) for model in ("mistral-small", "mistral-large")]

        assert names == ["qwen3:8b", "mistral-large"]
