"""Operations known by the SHA-256 of their text: those of the widget, and those that clients register.

After Apollo's automatic persisted queries: a request names the hash in `extensions.persistedQuery`, and the text beside
it only when the server does not know the hash.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from core.errors import ErrorCode, OperationError
from resolvers.errors import BadInput

KEPT_TEXTS = 1_000
MAX_KEPT_CHARACTERS = 10_000
"""What clients register is kept in memory: at most this many texts, each of at most this many characters."""
HASH = re.compile(r"[0-9a-f]{64}")


class PersistedQueryNotFound(OperationError):
    """The server does not know the hash. Clients know the message and the code, and send the text."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")


class PersistedOperations:
    """The operations that one process knows by their hashes: those built in, and those that clients registered."""

    def __init__(self) -> None:
        self._built_in: dict[str, str] = {}
        self._registered: OrderedDict[str, str] = OrderedDict()

    def build_in(self, operations: Mapping[str, str]) -> None:
        """Know operations for good, by their hashes: those of the widget."""
        self._built_in |= operations

    def text_of(self, text: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """Return the text of a request's operation: what was sent, or what is known by the hash that was sent.

        A text that comes with its hash is known from now on. Raises `PersistedQueryNotFound`, and `BadInput` when the
        extension is not of this kind or the hash is another text's.
        """
        asked = (extensions or {}).get("persistedQuery")
        if asked is None:
            return text
        key = _hash_in(asked)
        if text:
            self._register(key, text)
            return text
        if key in self._registered:
            self._registered.move_to_end(key)
        known = self._built_in.get(key) or self._registered.get(key)
        if known is None:
            raise PersistedQueryNotFound
        return known

    def is_built_in(self, text: str) -> bool:
        """Tell whether a text is one of the widget's operations."""
        return text in self._built_in.values()

    def _register(self, key: str, text: str) -> None:
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != key:
            raise BadInput("`sha256Hash` is not the SHA-256 of the query.")
        if key not in self._built_in and len(text) <= MAX_KEPT_CHARACTERS:
            self._registered[key] = text
            self._registered.move_to_end(key)
        while len(self._registered) > KEPT_TEXTS:
            self._registered.popitem(last=False)


def _hash_in(asked: Any) -> str:
    key = asked.get("sha256Hash") if isinstance(asked, dict) and asked.get("version") == 1 else None
    if not isinstance(key, str) or not HASH.fullmatch(key):
        raise BadInput("`persistedQuery` holds the version 1 and, as `sha256Hash`, 64 hexadecimal digits.")
    return key
