"""The environment variables that hold the settings: their names, and what a wrong one is told."""

import os
from collections.abc import Collection
from difflib import get_close_matches

from limits import RateLimitItem

from core.rate_limits import Rate, parsed
from resolvers.rates import RATES

PREFIX = "MONITORA_"
TESTS_PREFIX = "MONITORA_TEST_"
"""Variables of the test suite, which the server leaves alone."""
SECRETS = {
    "MONITORA_SECRET_KEY",
    "MONITORA_SECRET_KEY_PREVIOUS",
    "MONITORA_ENCRYPTION_KEY",
    "MONITORA_ENCRYPTION_KEY_PREVIOUS",
    "MONITORA_METRICS_TOKEN",
    "MISTRAL_API_KEY",
    "MONITORA_EMBEDDINGS_KEY",
    "MONITORA_DATABASE_URL",
    "MONITORA_REDIS_URL",
}
"""Variables whose values are never printed: they are secrets, or hold a password."""


class InvalidSettings(Exception):
    """A variable holds something that cannot be used. The message names it, in one line."""


def variable(field: str) -> str:
    """Return the environment variable of a setting."""
    return field.upper() if field.startswith("mistral_") else PREFIX + field.upper()


def variable_of(rate: Rate) -> str:
    """Return the environment variable of a rate."""
    return f"{PREFIX}RATE_{rate.name.upper()}"


def rates_from_environment() -> dict[str, RateLimitItem]:
    """Return the rates that have a limit, by name. Raises `InvalidSettings`."""
    limits = {}
    for rate in RATES:
        text = os.environ.get(variable_of(rate), rate.default)
        try:
            limit = parsed(text)
        except ValueError as error:
            raise InvalidSettings(f"{variable_of(rate)}: {error} (got {text[:80]!r})") from error
        if limit is not None:
            limits[rate.name] = limit
    return limits


def refuse_unknown(known: Collection[str]) -> None:
    """Raise `InvalidSettings` for a variable that looks like a setting and is not one of the `known` names."""
    for name in sorted(os.environ):
        if not name.upper().startswith(PREFIX) or name.startswith(TESTS_PREFIX) or name.upper() in known:
            continue
        # Compared without what all names begin with, which would make any two of them alike.
        endings = {each.removeprefix(PREFIX): each for each in known}
        near = get_close_matches(name.upper().removeprefix(PREFIX), endings, n=1)
        meant = f": did you mean {endings[near[0]]}?" if near else "."
        raise InvalidSettings(f"{name[:80]} is not a setting{meant} `monitora settings` lists them.")
