"""The line to a server that speaks Mistral's API: opened once, patient within bounds, its failures in our own terms."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import ErrorCode
from rag.models.mistral.failures import CHAT_SERVER, ServerVariables, from_response, model_errors, refused
from rag.models.protocols import ModelError

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral

_Reply = TypeVar("_Reply")

_NO_KEY = "none"  # servers of one's own often want a key and accept any
_MAX_CONNECTIONS = 1_000
_KEY_REFUSED = {401, 403}
_MODEL_DEPRECATED_HEADER = "x-model-deprecation-timestamp"

MAX_LISTED_MODELS = 1_000
MAX_NAMED_MODELS = 20
MAX_NAME_CHARACTERS = 100
PROBE_SECONDS = 3.0
"""How long a server may take to tell its models: longer than that, it keeps visitors waiting too."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait and how often to ask again. All durations are in seconds.

    `reply` bounds the time from the question to the first token (or to the vectors), every new attempt included,
    `between_tokens` the silence inside an answer, `answer` the time from its first token to its end. A server that
    asks for a longer pause than `longest_pause` is not waited for. The pause before attempt n + 1 is
    `first_pause` · 2^(n - 1), at most `longest_pause`, less up to half of it at random.
    """

    connect: float = 5.0
    reply: float = 30.0
    between_tokens: float = 20.0
    answer: float = 300.0
    attempts: int = 3
    first_pause: float = 0.5
    longest_pause: float = 10.0


class _ListedModel(BaseModel):
    id: str


class _ModelList(BaseModel):
    data: list[_ListedModel] = []


class Connection:
    """An SDK client of one server, made at the first question: the SDK takes over half a second to import."""

    def __init__(
        self,
        api_key: str | None,
        server_url: str | None,
        connect_timeout: float,
        variables: ServerVariables = CHAT_SERVER,
    ) -> None:
        """Prepare a connection; `server_url` None is Mistral's own server.

        Raises `ValueError` without a key for Mistral's own server.
        """
        if not api_key and not server_url:
            raise ValueError("Mistral's own server needs an API key; only a server of your own may do without.")
        # Without a key the SDK would send the one of the environment, to whichever server this is.
        self._api_key = api_key or _NO_KEY
        self._server_url = server_url.rstrip("/").removesuffix("/v1") if server_url else None
        self._connect_timeout = connect_timeout
        self._variables = variables
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
        client, address = await self._client()
        async with within(PROBE_SECONDS, "The model's server did not answer in time."):
            with model_errors(self._variables):
                # The body is left where it is: whether there is an answer is all that is asked.
                async with client.stream("GET", f"{address}/v1/models", headers=self._headers) as response:
                    status = response.status_code
        # Not every server has such a list, and one that has too much to do answers.
        if status in _KEY_REFUSED or response.is_server_error:
            raise from_response(status, self._variables)

    async def models(self) -> list[str]:
        """Return the names of the models that the server knows; none where it has no such list. Raises `ModelError`."""
        client, address = await self._client()
        async with within(PROBE_SECONDS, "The model's server did not answer in time."):
            with model_errors(self._variables):
                response = await client.get(f"{address}/v1/models", headers=self._headers)
        try:
            listed = _ModelList.model_validate_json(response.content) if response.is_success else _ModelList()
        except ValidationError:
            return []
        return [model.id for model in listed.data[:MAX_LISTED_MODELS]]

    async def post(self, path: str, body: Mapping[str, object]) -> bytes:
        """Return what the server answers to a body of JSON, unread; `ask` bounds the time. Raises `ModelError`."""
        client, address = await self._client()
        with model_errors(self._variables):
            response = await client.post(f"{address}{path}", json=dict(body), headers=self._headers, timeout=None)
        if not response.is_success:
            raise refused(response, self._variables)
        return response.content

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        async with self._opening:
            if self._open_clients is not None:
                await self._open_clients[0].aclose()
            self._open_clients = None

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._api_key}"}

    async def _client(self) -> "tuple[httpx2.AsyncClient, str]":
        client, sdk = await self._clients()
        return client, self._server_url or sdk.sdk_configuration.get_server_details()[0]

    async def _clients(self) -> "tuple[httpx2.AsyncClient, Mistral]":
        async with self._opening:
            if self._open_clients is None:
                self._open_clients = await asyncio.to_thread(self._open)
            return self._open_clients

    def _open(self) -> "tuple[httpx2.AsyncClient, Mistral]":
        import httpx2  # noqa: PLC0415 - see the class
        from mistralai.client import Mistral  # noqa: PLC0415

        from rag.models.mistral.body import BoundedBody  # noqa: PLC0415

        async def set_timeouts(request: httpx2.Request) -> None:
            # The SDK has one time-out for everything, and sets it on each request.
            request.extensions["timeout"] |= {"connect": self._connect_timeout, "pool": self._connect_timeout}

        async def forget_deprecation(response: httpx2.Response) -> None:
            # SDK 3.7 reads the whole body to name a deprecated model, which fails for every body that is streamed.
            response.headers.pop(_MODEL_DEPRECATED_HEADER, None)

        async def bound(response: httpx2.Response) -> None:
            # Nothing compressed was asked for: it would have no bound. JSON is UTF-8, whatever the server names.
            response.headers.pop("content-encoding", None)
            response.encoding = "utf-8"
            response.stream = BoundedBody(response)

        client = httpx2.AsyncClient(
            headers={"accept-encoding": "identity"},
            limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
            event_hooks={"request": [set_timeouts], "response": [forget_deprecation, bound]},
        )
        with Mistral(api_key=self._api_key, server_url=self._server_url, async_client=client) as sdk:
            pass  # closes the blocking client that the SDK makes too, and that nothing uses
        return client, sdk


@dataclass(frozen=True, slots=True)
class UnknownModel:
    """A model that its server does not know, with the first of those that it does."""

    model: str
    known: tuple[str, ...]


def unknown_model(model: str, listed: Sequence[str]) -> UnknownModel | None:
    """Return a model that is not listed; None where nothing is. Ollama's names may go without their ":latest"."""
    if not listed or model in listed or f"{model}:latest" in listed:
        return None
    known = ("".join(filter(str.isprintable, name[:MAX_NAME_CHARACTERS])) for name in listed)
    return UnknownModel(model, tuple(known)[:MAX_NAMED_MODELS])


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
