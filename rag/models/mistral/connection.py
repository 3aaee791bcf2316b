"""The line to a server that speaks Mistral's API: opened once, patient within bounds, its failures in our own terms."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from core.errors import ErrorCode
from rag.models.protocols import ModelError

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral

_Reply = TypeVar("_Reply")

_NO_KEY = "none"  # servers of one's own often want a key and accept any
_MAX_CONNECTIONS = 1_000
_MAX_REASON_CHARACTERS = 300
_CLIENT_ERRORS = range(400, 500)
_KEY_REFUSED = {401, 403}
_MODEL_DEPRECATED_HEADER = "x-model-deprecation-timestamp"

PROBE_SECONDS = 3.0
"""How long a server may take to tell its models: longer than that, it keeps visitors waiting too."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait and how often to ask again. All durations are in seconds.

    `reply` bounds the time from the question to the first token (or to the vectors), every new attempt included,
    `between_tokens` the silence inside an answer. A server that asks for a longer pause than `longest_pause` is not
    waited for. The pause before attempt n + 1 is `first_pause` · 2^(n - 1), at most `longest_pause`, less up to half
    of it at random.
    """

    connect: float = 5.0
    reply: float = 30.0
    between_tokens: float = 20.0
    attempts: int = 3
    first_pause: float = 0.5
    longest_pause: float = 10.0


class Connection:
    """An SDK client of one server, made at the first question: the SDK takes over half a second to import."""

    def __init__(self, api_key: str | None, server_url: str | None, connect_timeout: float) -> None:
        """Prepare a connection; `server_url` None is Mistral's own server.

        Raises `ValueError` without a key for Mistral's own server.
        """
        if not api_key and not server_url:
            raise ValueError("Mistral's own server needs an API key; only a server of your own may do without.")
        # Without a key the SDK would send the one of the environment, to whichever server this is.
        self._api_key = api_key or _NO_KEY
        self._server_url = server_url.rstrip("/").removesuffix("/v1") if server_url else None
        self._connect_timeout = connect_timeout
        self._opening = asyncio.Lock()
        self._open_clients: tuple[httpx2.AsyncClient, Mistral] | None = None

    @property
    def is_mistrals_own(self) -> bool:
        """Whether the server is Mistral's, not one of somebody's own."""
        return self._server_url is None

    async def sdk(self) -> "Mistral":
        """Return the SDK client, opening it the first time."""
        return (await self._clients())[1]

    async def probe(self) -> None:
        """Ask the server for its list of models, which costs nothing; any answer but a failure will do.

        Raises `ModelError`, whose message tells nothing that the server said.
        """
        client, sdk = await self._clients()
        address = self._server_url or sdk.sdk_configuration.get_server_details()[0]
        headers = {"authorization": f"Bearer {self._api_key}"}
        async with within(PROBE_SECONDS, "The model's server did not answer in time."):
            with model_errors():
                response = await client.get(f"{address}/v1/models", headers=headers)
        # Not every server has such a list, and one that has too much to do answers.
        if response.status_code in _KEY_REFUSED or response.is_server_error:
            raise _from_response(response)

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        async with self._opening:
            if self._open_clients is not None:
                await self._open_clients[0].aclose()
            self._open_clients = None

    async def _clients(self) -> "tuple[httpx2.AsyncClient, Mistral]":
        async with self._opening:
            if self._open_clients is None:
                self._open_clients = await asyncio.to_thread(self._open)
            return self._open_clients

    def _open(self) -> "tuple[httpx2.AsyncClient, Mistral]":
        import httpx2  # noqa: PLC0415 - see the class
        from mistralai.client import Mistral  # noqa: PLC0415

        async def set_timeouts(request: httpx2.Request) -> None:
            # The SDK has one time-out for everything, and sets it on each request.
            request.extensions["timeout"] |= {"connect": self._connect_timeout, "pool": self._connect_timeout}

        async def forget_deprecation(response: httpx2.Response) -> None:
            # SDK 3.7 reads the whole body to name a deprecated model, which fails for every body that is streamed.
            response.headers.pop(_MODEL_DEPRECATED_HEADER, None)

        client = httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
            event_hooks={"request": [set_timeouts], "response": [forget_deprecation]},
        )
        with Mistral(api_key=self._api_key, server_url=self._server_url, async_client=client) as sdk:
            pass  # closes the blocking client that the SDK makes too, and that nothing uses
        return client, sdk


async def ask(call: Callable[[], Awaitable[_Reply]], retry_policy: RetryPolicy) -> _Reply:
    """Return what `call` returns, calling again after failures that may pass.

    Raises `ModelError`: that of the last attempt, or MODEL_TIMEOUT when `retry_policy.reply` is over.
    """
    async with within(retry_policy.reply, "The model did not answer in time. Try again in a moment."):
        for attempt in range(1, retry_policy.attempts):
            try:
                return await _translated(call)
            except ModelError as failure:
                pause = _pause(failure, attempt, retry_policy)
                if not failure.retryable or pause is None:
                    raise
            await asyncio.sleep(pause)
        return await _translated(call)


async def _translated(call: Callable[[], Awaitable[_Reply]]) -> _Reply:
    with model_errors():
        return await call()


@asynccontextmanager
async def within(seconds: float, message: str) -> AsyncIterator[None]:
    """Raise `ModelError` (MODEL_TIMEOUT) with `message` when the block takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True) from error


@contextmanager
def model_errors() -> Iterator[None]:
    """Raise what the SDK and its HTTP client raise inside the block as `ModelError`."""
    from httpx2 import RequestError, StreamError  # noqa: PLC0415 - loaded by then
    from mistralai.client.errors import MistralError  # noqa: PLC0415

    try:
        yield
    except MistralError as error:
        raise _from_response(error) from error
    except (RequestError, StreamError) as error:
        raise _from_transport(error) from error
    except UnicodeDecodeError as error:
        raise _interrupted() from error


def _from_response(error: object) -> ModelError:
    """Translate an answer of the server that is not what was asked for."""
    status = int(getattr(error, "status_code", 0))
    reason = str(getattr(error, "body", ""))[:_MAX_REASON_CHARACTERS]
    match status:
        case 401 | 403:
            message = "The model's server refused the API key. Check MISTRAL_API_KEY."
            return ModelError(ErrorCode.MODEL_UNAUTHORIZED, message, retryable=False)
        case 408:
            message = "The model's server gave up waiting. Try again in a moment."
            return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
        case 429:
            message = "The model's server has too much to do. Try again in a moment."
            return ModelError(ErrorCode.MODEL_RATE_LIMITED, message, retryable=True)
        case _ if status in _CLIENT_ERRORS:
            message = f"The model's server refused the request (HTTP {status}): {reason}"
            return ModelError(ErrorCode.MODEL_REFUSED, message, retryable=False)
        case 200:
            return _interrupted()
        case _:
            message = f"The model's server is out of order (HTTP {status}). Try again in a moment."
            return ModelError(ErrorCode.MODEL_UNAVAILABLE, message, retryable=True)


def _from_transport(error: Exception) -> ModelError:
    """Translate a failure of the connection itself."""
    from httpx2 import ConnectError, ConnectTimeout, TimeoutException, UnsupportedProtocol  # noqa: PLC0415

    if isinstance(error, ConnectError | UnsupportedProtocol):
        message = "The model's server cannot be reached. Check the network and MISTRAL_SERVER_URL."
        return ModelError(ErrorCode.MODEL_UNAVAILABLE, message, retryable=True)
    if isinstance(error, ConnectTimeout):
        message = "The model's server cannot be reached in time. Check the network and MISTRAL_SERVER_URL."
        return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
    if isinstance(error, TimeoutException):
        message = "The model's server did not answer in time. Try again in a moment."
        return ModelError(ErrorCode.MODEL_TIMEOUT, message, retryable=True)
    return _interrupted()


def _interrupted() -> ModelError:
    return ModelError(ErrorCode.MODEL_INTERRUPTED, "The model's answer was cut off. Ask again.", retryable=True)


def _pause(failure: ModelError, attempt: int, retry_policy: RetryPolicy) -> float | None:
    """Return how long to wait before the next attempt, or None if the server asks for more than retry_policy allows."""
    asked = _retry_after(getattr(failure.__cause__, "headers", {}))
    if asked is not None:
        return asked if asked <= retry_policy.longest_pause else None
    pause = min(retry_policy.first_pause * 2.0 ** (attempt - 1), retry_policy.longest_pause)
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the callers, hides nothing


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds or a date. None where there is none that makes sense."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
