"""Encryption of secrets that must be read again."""

import base64
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ENCRYPTION = b"monitora: secrets of external databases"
"""What the encryption keys are derived for: a signing key used for both makes two keys that have nothing in common."""


ENCRYPTION_FORMAT = "v1:"


NONCE_BYTES = 12


class Undecryptable(Exception):
    """None of the keys opens it, or it is not where it was put."""


class Encryption:
    """AES-256-GCM, for secrets that must be read again.

    The first of the keys encrypts, each of them decrypts. A secret is bound to the row it belongs to: put into another
    row, which says to connect to another host, it does not open. Nonces are random, 96 bits (NIST SP 800-38D, 8.2.2).
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers = [AESGCM(HKDF(SHA256(), 32, salt=None, info=ENCRYPTION).derive(key.encode())) for key in keys]

    def encrypt(self, secret: bytes, row: UUID) -> str:
        """Return a secret as it is stored: ASCII, 4/3 of its length and 45 characters."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._ciphers[0].encrypt(nonce, secret, row.bytes)
        return ENCRYPTION_FORMAT + base64.urlsafe_b64encode(sealed).decode()

    def decrypt(self, text: str, row: UUID) -> bytes:
        """Return the secret. Raises `Undecryptable`."""
        try:
            sealed = base64.urlsafe_b64decode(text.removeprefix(ENCRYPTION_FORMAT).encode())
        except ValueError as error:
            raise Undecryptable from error
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.bytes)
            except (InvalidTag, ValueError):
                continue
        raise Undecryptable
