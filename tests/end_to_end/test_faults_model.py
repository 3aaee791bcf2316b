"""A model's server that hangs, breaks off, is busy, or refuses: what the person reads, and what the log says."""

from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.test_faults_answers import SEND, WHOLE, WORDS, asked
from tests.support.mistral_server import Answer, Behaviour, Failure, Hang, MistralServer
from tests.support.server import running

KEY = "key-of-the-operator"


@dataclass(frozen=True)
class Fault:
    """What the server does, once or for each attempt, and what the person is told."""

    name: str
    behaviours: tuple[Behaviour, ...]
    code: str
    retryable: bool


FAULTS = (
    Fault("hung", (Hang(),), "MODEL_TIMEOUT", retryable=True),
    Fault("cut", (Answer(WORDS[:2], then="cut"),), "MODEL_INTERRUPTED", retryable=True),
    Fault("silent", (Answer(WORDS[:2], then="hang"),), "MODEL_TIMEOUT", retryable=True),
    Fault("busy", (Failure(429, retry_after="3600"),), "MODEL_RATE_LIMITED", retryable=True),
    Fault("wrong key", (Failure(401, message=f"no such key: {KEY}"),), "MODEL_UNAUTHORIZED", retryable=False),
    Fault("wrong model", (Failure(404, message="no model gibberish"),), "MODEL_REFUSED", retryable=False),
)


async def test_a_model_that_fails_costs_the_answer_and_not_the_question(
    sample: Path, mistral_server: MistralServer
) -> None:
    settings = {"MISTRAL_SERVER_URL": mistral_server.url, "MISTRAL_API_KEY": KEY, "MONITORA_MODEL_TIMEOUT_SECONDS": "2"}
    with running(sample, **settings) as server:
        for fault in FAULTS:
            mistral_server.forget()
            mistral_server.behave_in_chat(*fault.behaviours)
            one = await asked(server, f"What is Monitora ({fault.name})?")

            # The person is told in a sentence of ours, and the question stays.
            failed = (await one.told())[-1]
            assert (failed["code"], failed["retryable"]) == (fault.code, fault.retryable), fault.name
            assert await one.history() == [one.said["content"]]

            # The same message works once the model does.
            mistral_server.forget()
            mistral_server.behave_in_chat(Answer(WORDS))
            again = (await one.visitor.ask(SEND, input=one.said))["sendMessage"]
            assert (await one.told(again["answerId"]))[-1]["message"]["content"] == WHOLE
            assert await one.history() == [one.said["content"], WHOLE]

    log = (sample / "server.log").read_text()
    assert log.count("model_refused") == 3
    assert "no model gibberish" in log
    assert KEY not in log


async def test_a_busy_model_is_asked_again_after_the_pause_that_it_asks_for(
    sample: Path, mistral_server: MistralServer
) -> None:
    mistral_server.behave_in_chat(Failure(429, retry_after="1"), Answer(WORDS))
    with running(sample, MISTRAL_SERVER_URL=mistral_server.url) as server:
        one = await asked(server, "What is Monitora?")

        assert (await one.told())[-1] == {"__typename": "AnswerFinished", "message": {"content": WHOLE}}
