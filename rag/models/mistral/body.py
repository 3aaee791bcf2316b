"""The bodies that a model's server sends, read up to a bound: it may be wrong, or not the server it is taken for."""

from collections.abc import AsyncIterator

import httpx2

from core.errors import ErrorCode
from rag.models.protocols import ModelError

MAX_STREAM_BYTES = 4_000_000
"""Longest stream of an answer: 4,000 tokens, the most a workspace may ask for, with 1 kB of JSON around each."""
MAX_REPLY_BYTES = 32_000_000
"""Longest reply of another kind: the vectors of a batch of 64 texts, with 16,000 numbers each."""
MAX_ERROR_BYTES = 16_000
"""What is read of an error's body."""


class BoundedBody(httpx2.AsyncByteStream):
    """A response's body. That of an error ends at its bound; any other raises `ModelError` there."""

    def __init__(self, response: httpx2.Response) -> None:
        """Take the place of the response's own stream."""
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            raise TypeError("the response is not one of an asynchronous client")
        self._body = response.stream
        self._is_error = not response.is_success
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        self._bound = MAX_ERROR_BYTES if self._is_error else MAX_STREAM_BYTES if is_stream else MAX_REPLY_BYTES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body, piece by piece. Raises `ModelError`."""
        left = self._bound
        async for piece in self._body:
            if len(piece) <= left:
                left -= len(piece)
                yield piece
            elif self._is_error:
                yield piece[:left]
                return
            else:
                message = "The model's server sent more than an answer can hold. Tell the site's team."
                raise ModelError(ErrorCode.MODEL_INTERRUPTED, message, retryable=False)

    async def aclose(self) -> None:
        """Close the response's own stream."""
        await self._body.aclose()
