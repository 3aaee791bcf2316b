"""Signed tokens: for staff, for visitors, and for devices that logged in before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from jwt.types import Options

from core.clock import now
from core.security.keys import digest

ALGORITHM = "HS256"


STAFF = "staff"


VISITOR = "visitor"


DEVICE = "device"


DEVICE_KNOWN_FOR = timedelta(days=180)
"""How long after its last login a device is let past the lock of its account."""


RETURNING_WITHIN = timedelta(days=90)
"""How long after their last visit a visitor is recognised."""


class InvalidToken(Exception):
    """The token is not ours, was altered, or has expired (`expired`)."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


@dataclass(frozen=True, slots=True)
class StaffClaims:
    """Who an access token speaks for, in which session and, once it was read, until when."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime | None = field(default=None, compare=False)


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
                expires_at = datetime.fromtimestamp(claims["exp"], UTC)
                return StaffClaims(UUID(claims["sub"]), UUID(claims["sid"]), expires_at)
            return _visitor(claims)
        except (KeyError, ValueError, AttributeError, TypeError, OverflowError) as error:
            raise InvalidToken(expired=False) from error

    def expires_at(self, token: str) -> datetime | None:
        """Return when a token expires, or None when it is not ours."""
        try:
            options: Options = {"require": ["exp"], "verify_exp": False}
            return datetime.fromtimestamp(self._decode(token, [STAFF, VISITOR], options)["exp"], UTC)
        except InvalidToken:
            return None

    def returning_visitor(self, token: str) -> VisitorClaims | None:
        """Return the visitor an earlier token was given to, even if it is expired: they find their conversations again.

        None when the token is not ours or was given more than `RETURNING_WITHIN` ago.
        """
        try:
            claims = self._decode(token, [VISITOR], {"require": ["iat", "sub", "aud"], "verify_exp": False})
            recent = datetime.fromtimestamp(claims["iat"], UTC) > now() - RETURNING_WITHIN
            return _visitor(claims) if recent else None
        except (InvalidToken, KeyError, ValueError, TypeError, OverflowError):
            return None

    def _decode(self, token: str, audience: list[str], options: Options) -> dict[str, Any]:
        # A token given before the clock was set back, or by a process whose clock is ahead, is not from the future.
        options = {**options, "verify_iat": False}
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
        issued = now()
        times = {"iat": issued, "exp": issued + lifetime}
        return jwt.encode({"aud": audience, **times, **claims}, self._secret, algorithm=ALGORITHM)


def _visitor(claims: dict[str, Any]) -> VisitorClaims:
    return VisitorClaims(
        claims["sub"], UUID(claims["workspace"]), claims["origin"], claims.get("name"), claims.get("email")
    )
