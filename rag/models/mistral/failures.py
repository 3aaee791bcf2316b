"""Failures of a model's server in our own terms. What the server said goes to the log, in part, and nowhere else."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import ErrorCode
from rag.models.protocols import ModelError

if TYPE_CHECKING:
    import httpx2

logger = structlog.get_logger(__name__)

_CLIENT_ERRORS = range(400, 500)
MAX_LOGGED_CHARACTERS = 200
"""What is logged of an error's body."""
_OPAQUE = re.compile(r"[\w+/=.~-]{32,}|\S+@\S+")
"""Keys, tokens, digests and addresses."""
_WORD = re.compile(r"\w+")
_PLAIN_WORDS = """
a allowed and api are at authorization available bad be body busy cannot code context deprecated detail does error
exceeded exist exists expected field for found gateway in input internal invalid is it key large length limit long many
max maximum memory message missing model models must no not object of only or out overloaded param prompt rate reason
refused request required server service status string such supported temperature than the timeout to token tokens too
type unauthorized unavailable unexpected unknown unsupported url value was with
"""
"""Words that say nothing of a prompt, although it may hold them too."""


@dataclass(frozen=True, slots=True)
class ServerVariables:
    """The variables by which the operator sets a server, which the messages of its failures name."""

    key: str = "MISTRAL_API_KEY"
    url: str = "MISTRAL_SERVER_URL"


CHAT_SERVER = ServerVariables()
EMBEDDINGS_SERVER = ServerVariables("MONITORA_EMBEDDINGS_KEY", "MONITORA_EMBEDDINGS_URL")


class RefusedResponse(Exception):
    """An answer of the server that is an error. `headers` may say when to come back."""

    def __init__(self, response: "httpx2.Response") -> None:
        super().__init__(response.status_code)
        self.headers = response.headers


def refused(response: "httpx2.Response", variables: ServerVariables) -> ModelError:
    """Log the beginning of an error's body, and return the error. Its cause has the headers."""
    logger.warning("model_refused", status=response.status_code, said=_logged(response, response.text))
    failure = from_response(response.status_code, variables)
    failure.__cause__ = RefusedResponse(response)
    return failure


@contextmanager
def model_errors(variables: ServerVariables = CHAT_SERVER) -> Iterator[None]:
    """Raise what the SDK and its HTTP client raise inside the block as `ModelError`."""
    from httpx2 import RequestError, StreamError  # noqa: PLC0415 - loaded by then
    from mistralai.client.errors import MistralError  # noqa: PLC0415

    try:
        yield
    except MistralError as error:
        if not error.raw_response.is_success:
            logger.warning("model_refused", status=error.status_code, said=_logged(error.raw_response, error.body))
        raise from_response(error.status_code, variables) from error
    except (RequestError, StreamError) as error:
        raise _from_transport(error, variables) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise _interrupted() from error


def from_response(status: int, variables: ServerVariables = CHAT_SERVER) -> ModelError:
    """Translate an answer of the server that is not what was asked for. What it said is not repeated."""
    match status:
        case 401 | 403:
            message = f"The model's server refused the API key. Check {variables.key}."
            return ModelError(ErrorCode.MODEL_UNAUTHORIZED, message, retryable=False)
        case 408:
            message = "The model's server gave up waiting. Try again in a moment."
            return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
        case 429:
            message = "The model's server has too much to do. Try again in a moment."
            return ModelError(ErrorCode.MODEL_RATE_LIMITED, message, retryable=True)
        case _ if status in _CLIENT_ERRORS:
            message = f"The model's server refused the request (HTTP {status}); the server's log says why."
            return ModelError(ErrorCode.MODEL_REFUSED, message, retryable=False)
        case 200:
            return _interrupted()
        case _:
            message = f"The model's server is out of order (HTTP {status}). Try again in a moment."
            return ModelError(ErrorCode.MODEL_UNAVAILABLE, message, retryable=True)


def _from_transport(error: Exception, variables: ServerVariables) -> ModelError:
    """Translate a failure of the connection itself."""
    from httpx2 import ConnectError, ConnectTimeout, TimeoutException, UnsupportedProtocol  # noqa: PLC0415

    if isinstance(error, ConnectError | UnsupportedProtocol):
        message = f"The model's server cannot be reached. Check the network and {variables.url}."
        return ModelError(ErrorCode.MODEL_UNAVAILABLE, message, retryable=True)
    if isinstance(error, ConnectTimeout):
        message = f"The model's server cannot be reached in time. Check the network and {variables.url}."
        return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
    if isinstance(error, TimeoutException):
        message = "The model's server did not answer in time. Try again in a moment."
        return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
    return _interrupted()


def _interrupted() -> ModelError:
    return ModelError(ErrorCode.MODEL_INTERRUPTED, "The model's answer was cut off. Ask again.", retryable=True)


def _logged(response: "httpx2.Response", body: str) -> str:
    """Return the beginning of an error's body, without the key and the words of the prompt, which it may echo."""
    request = response.request
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    said = _OPAQUE.sub("…", body.replace(key, "…") if key else body)
    told = {word.casefold() for text in _prompt_texts(json.loads(request.content)) for word in _WORD.findall(text)}
    told.difference_update(_PLAIN_WORDS.split())
    words = _WORD.sub(lambda word: "…" if word[0].casefold() in told else word[0], said)
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())[:MAX_LOGGED_CHARACTERS]


def _prompt_texts(request: dict[str, Any]) -> list[str]:
    """Return the texts that a request holds: the messages of a chat, or what is to be embedded."""
    return [str(message["content"]) for message in request.get("messages", [])] + list(request.get("input", []))
