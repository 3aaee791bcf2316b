"""Passwords, hashed before they are stored."""

import secrets
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from passlib.hash import argon2


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """An argon2id PHC string, and the salt it contains (the specification stores both)."""

    hash: str
    salt: str


class Passwords:
    """Argon2id through passlib.

    The cost is the library's own unless another `hasher` is given: RFC 9106's second recommendation, 64 MiB, 3 passes.
    """

    def __init__(self, hasher: Any = argon2) -> None:
        self._hasher = hasher

    @cached_property
    def dummy_hash(self) -> str:
        """A hash to verify against when an e-mail is unknown: the refusal takes as long as a wrong password's."""
        return self.hash(secrets.token_urlsafe(16)).hash

    def hash(self, password: str) -> HashedPassword:
        """Hash a password. Takes tens of milliseconds of CPU: call it in a thread."""
        hashed = str(self._hasher.hash(_composed(password)))
        return HashedPassword(hashed, hashed.split("$")[-2])

    def verify(self, password: str, hashed: str) -> bool:
        """Tell whether the password is the hashed one. As slow as `hash`, on purpose."""
        return bool(self._hasher.verify(_composed(password), hashed))


def _composed(password: str) -> bytes:
    """Return a password as it is hashed: the same for each way a keyboard may write its accents (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
