"""Random secrets, and the digests that are stored of them."""

import hashlib
import secrets
from uuid import UUID

API_KEY_PREFIX_LENGTH = 11
"""Characters of an API key that are kept readable: "mk_" and eight more, enough to recognise it by."""


def digest(secret: str) -> str:
    """Return the SHA-256 of a random secret, in hexadecimal: what is stored of tokens and keys."""
    # What a client shows may hold a lone surrogate: it is unknown, like any other text that is not a secret.
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
