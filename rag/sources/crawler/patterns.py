"""Include and exclude patterns, as in robots.txt: the beginning of a path, `*` for anything, `$` for the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.sources.crawler.addresses import canonical, path_and_query

MAX_PATTERNS = 50
MAX_PATTERN_CHARACTERS = 200


class InvalidPattern(ValueError):
    """A pattern that matches nothing, in a sentence for people."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which pages are kept: those that an `include` matches, or all without one, but those that an `exclude` does."""

    include: Sequence[str] = field(default=())
    exclude: Sequence[str] = field(default=())

    def includes(self, address: str) -> bool:
        """Tell whether a canonical address is among those that are wanted."""
        path = path_and_query(address)
        return not self.include or any(matches(pattern, path) for pattern in self.include)

    def excludes(self, address: str) -> bool:
        """Tell whether a canonical address is among those that are not wanted."""
        path = path_and_query(address)
        return any(matches(pattern, path) for pattern in self.exclude)


def checked_pattern(text: str) -> str:
    """Return a pattern as it is stored: a whole address becomes its path. Raises `InvalidPattern`."""
    pattern = text.strip()
    if pattern.startswith(("http://", "https://")):
        address = canonical(pattern.replace("*", "%2A"))
        pattern = "" if address is None else path_and_query(address).replace("%2A", "*")
    if not 1 <= len(pattern) <= MAX_PATTERN_CHARACTERS or not pattern.startswith(("/", "*")):
        raise InvalidPattern(
            f"A pattern begins with / or *, as /blog/ or *.pdf$, and has at most {MAX_PATTERN_CHARACTERS} characters."
        )
    return pattern


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a path with its query, in a time that grows with their lengths alone."""
    to_end = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    if to_end and not parts:
        return place == len(path)
    last = parts.pop() if to_end else ""
    for part in parts:
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return not to_end or (path.endswith(last) and len(path) - len(last) >= place)
