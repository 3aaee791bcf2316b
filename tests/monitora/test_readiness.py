"""What `/readyz` tells of the model's server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from monitora.http import readiness as module
from monitora.http.readiness import Check, ModelProbe, readiness
from monitora.settings.settings import Settings
from rag.models.local.answerer import LocalAnswerer
from rag.models.mistral.chat import MistralChat
from resolvers.services import Services
from tests.support.mistral_server import Failure, Hang, MistralServer

KEY = "a-key-that-is-secret"
ANSWERS = Check(ready=True, detail="mistral")


@pytest.fixture
async def probe(mistral_server: MistralServer, settings: Settings) -> AsyncIterator[ModelProbe]:
    """A probe of the model's server."""
    chat = MistralChat(KEY, server_url=mistral_server.url)
    probe = ModelProbe(chat, settings.model_copy(update={"mistral_server_url": mistral_server.url}))
    yield probe
    await probe.close()
    await chat.aclose()


@pytest.fixture
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the server answered is told again."""
    monkeypatch.setattr(module, "MODEL_SECONDS", 0.0)


async def test_a_server_that_answers_is_asked_for_its_models_with_the_key(
    probe: ModelProbe, mistral_server: MistralServer
) -> None:
    assert await probe.check() == ANSWERS
    [request] = mistral_server.requests
    assert request.path == "/v1/models"
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_it_is_asked_once_in_a_while_whoever_looks(probe: ModelProbe, mistral_server: MistralServer) -> None:
    await asyncio.gather(*(probe.check() for _ in range(20)))
    await probe.check()

    assert len(mistral_server.requests) == 1


async def test_a_server_without_such_a_list_or_with_too_much_to_do_answers(
    probe: ModelProbe, mistral_server: MistralServer, asked_each_time: None
) -> None:
    for status in (404, 405, 429):
        mistral_server.behave_in_list(Failure(status))
        assert await probe.check() == ANSWERS


async def test_what_the_server_says_and_the_key_are_not_told(
    probe: ModelProbe, mistral_server: MistralServer, asked_each_time: None
) -> None:
    for status in (401, 403, 500, 503):
        mistral_server.behave_in_list(Failure(status, message=f"hidden, as is {KEY}"))
        with capture_logs() as lines:
            found = await probe.check()
        assert not found.ready
        assert "hidden" not in f"{found}{lines}"
        assert KEY not in f"{found}{lines}"
        assert ("MISTRAL_API_KEY" in found.detail) == (status in {401, 403})


async def test_the_log_says_once_that_it_goes_and_once_that_it_is_back(
    probe: ModelProbe, mistral_server: MistralServer, asked_each_time: None
) -> None:
    mistral_server.behave_in_list(Failure(503), Failure(503))
    with capture_logs() as lines:
        for _ in range(4):
            await probe.check()

    assert [line["event"] for line in lines] == ["model_unreachable", "model_reachable"]


async def test_a_server_that_hangs_delays_nobody_who_was_answered_before(
    probe: ModelProbe, mistral_server: MistralServer, asked_each_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await probe.check() == ANSWERS
    monkeypatch.setattr(module, "MODEL_WAIT_SECONDS", 0.0)
    mistral_server.behave_in_list(Hang())

    assert await probe.check() == ANSWERS, "what is known is told, while the server is asked"

    monkeypatch.setattr(module, "MODEL_WAIT_SECONDS", 60.0)
    assert await probe.check() == Check(ready=False, detail="The model's server did not answer in time.")


async def test_a_server_that_is_away_is_told_and_keeps_nobody_away(services: Services, settings: Settings) -> None:
    chat = MistralChat(KEY, server_url="http://127.0.0.1:1")
    probe = ModelProbe(chat, settings.model_copy(update={"mistral_server_url": "http://127.0.0.1:1"}))

    found = (await readiness(services, probe)).as_json()
    await chat.aclose()

    reason = "The model's server cannot be reached. Check the network and MISTRAL_SERVER_URL."
    assert found["checks"]["model"] == {"ready": False, "detail": reason}
    assert (found["ready"], found["reason"]) == (True, None)


async def test_a_model_of_the_process_always_answers(settings: Settings) -> None:
    assert await ModelProbe(LocalAnswerer(), settings).check() == Check(ready=True, detail="local")
