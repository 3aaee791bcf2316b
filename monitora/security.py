"""Passwords, tokens and keys. Secrets are hashed before they are stored, or encrypted where they must be read again.

Nothing here knows a table.
"""

import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.types import Options
from passlib.hash import argon2

ALGORITHM = "HS256"
STAFF = "staff"
VISITOR = "visitor"
DEVICE = "device"
DEVICE_KNOWN_FOR = timedelta(days=180)
"""How long after its last login a device is let past the lock of its account."""
RETURNING_WITHIN = timedelta(days=90)
"""How long after their last visit a visitor is recognised."""
API_KEY_PREFIX_LENGTH = 11
"""Characters of an API key that are kept readable: "mk_" and eight more, enough to recognise it by."""

ENCRYPTION = b"monitora: secrets of external databases"
"""What the encryption keys are derived for: a signing key used for both makes two keys that have nothing in common."""
ENCRYPTION_FORMAT = "v1:"
NONCE_BYTES = 12


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
    def decoy(self) -> str:
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


class InvalidToken(Exception):
    """The token is not ours, was altered, or has expired (`expired`)."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


@dataclass(frozen=True, slots=True)
class StaffClaims:
    """Who an access token speaks for, and in which session."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class VisitorClaims:
    """The visitor a token was given to, its workspace, and the page's origin."""

    visitor_id: str
    workspace_id: UUID
    origin: str
    name: str | None = None
    email: str | None = None


class Tokens:
    """Signed tokens (JWT, HS256): for staff, for visitors of one workspace, and for devices that logged in before.

    The secret signs; what an earlier one signed is read as well. The few there may be are tried in turn: a name of the
    secret in the token would only save a hash.
    """

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self._secret = secret
        self._previous = tuple(previous)

    def for_staff(self, claims: StaffClaims, lifetime: timedelta) -> str:
        """Return an access token. No two are alike, so that its hash can be a unique key."""
        return self._sign(STAFF, lifetime, sub=claims.user_id.hex, sid=claims.session_id.hex, jti=uuid4().hex)

    def for_visitor(self, claims: VisitorClaims, lifetime: timedelta) -> str:
        """Return a visitor's token."""
        return self._sign(
            VISITOR,
            lifetime,
            sub=claims.visitor_id,
            workspace=claims.workspace_id.hex,
            origin=claims.origin,
            name=claims.name,
            email=claims.email,
        )

    def for_device(self, user_id: UUID, password_salt: str) -> str:
        """Return a token by which a device shows that an account logged in there, with the password it has now."""
        return self._sign(DEVICE, DEVICE_KNOWN_FOR, sub=user_id.hex, password=digest(password_salt))

    def is_device_of(self, token: str, user_id: UUID, password_salt: str) -> bool:
        """Tell whether the account logged in where the token was given, and has the same password since."""
        try:
            claims = self._decode(token, [DEVICE], {"require": ["exp", "sub", "aud"]})
        except InvalidToken:
            return False
        return claims["sub"] == user_id.hex and claims.get("password") == digest(password_salt)

    def read(self, token: str) -> StaffClaims | VisitorClaims:
        """Return whom a token speaks for. Raises `InvalidToken`."""
        claims = self._decode(token, [STAFF, VISITOR], {"require": ["exp", "sub", "aud"]})
        try:
            if claims["aud"] == STAFF:
                return StaffClaims(UUID(claims["sub"]), UUID(claims["sid"]))
            return _visitor(claims)
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise InvalidToken(expired=False) from error

    def expires_at(self, token: str) -> datetime | None:
        """Return when a token expires, or None when it is not ours."""
        try:
            options: Options = {"require": ["exp"], "verify_exp": False}
            return datetime.fromtimestamp(self._decode(token, [STAFF, VISITOR], options)["exp"], UTC)
        except InvalidToken:
            return None

    def returning_visitor(self, token: str) -> VisitorClaims | None:
        """Return the visitor an earlier token was given to, be it expired, so that they find their conversations again.

        None when the token is not ours or was given more than `RETURNING_WITHIN` ago.
        """
        try:
            claims = self._decode(token, [VISITOR], {"require": ["iat", "sub", "aud"], "verify_exp": False})
            recent = datetime.fromtimestamp(claims["iat"], UTC) > datetime.now(UTC) - RETURNING_WITHIN
            return _visitor(claims) if recent else None
        except (InvalidToken, KeyError, ValueError, TypeError, OverflowError):
            return None

    def _decode(self, token: str, audience: list[str], options: Options) -> dict[str, Any]:
        for secret in (self._secret, *self._previous):
            try:
                return jwt.decode(token, secret, [ALGORITHM], options, audience=audience)
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError as error:
                raise InvalidToken(expired=True) from error
            except (jwt.InvalidTokenError, UnicodeError) as error:
                raise InvalidToken(expired=False) from error
        raise InvalidToken(expired=False)

    def _sign(self, audience: str, lifetime: timedelta, **claims: Any) -> str:
        issued = datetime.now(UTC)
        times = {"iat": issued, "exp": issued + lifetime}
        return jwt.encode({"aud": audience, **times, **claims}, self._secret, algorithm=ALGORITHM)


def _visitor(claims: dict[str, Any]) -> VisitorClaims:
    return VisitorClaims(
        claims["sub"], UUID(claims["workspace"]), claims["origin"], claims.get("name"), claims.get("email")
    )


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


def digest(secret: str) -> str:
    """Return the SHA-256 of a random secret, in hexadecimal: what is stored of tokens and keys."""
    # What a client shows may hold half of a surrogate pair: it is unknown, like any other text that is no secret.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def new_api_key() -> str:
    """Return a new API key of 256 random bits."""
    return f"mk_{secrets.token_urlsafe(32)}"


def new_refresh_token(session_id: UUID) -> str:
    """Return a refresh token that names its session, so that one used twice ends it."""
    return f"{session_id.hex}.{secrets.token_urlsafe(32)}"


def session_of(refresh_token: str) -> UUID | None:
    """Return the session a refresh token names, or None when it is not of that form."""
    try:
        return UUID(hex=refresh_token.partition(".")[0])
    except ValueError:
        return None
