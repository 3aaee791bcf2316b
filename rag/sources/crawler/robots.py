"""What a site asks of crawlers in its robots.txt (RFC 9309), within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from protego import Protego

AGENT = "Monitora"
"""The name by which robots.txt and robots tags speak of us."""
MAX_ROBOTS_BYTES = 512 * 1024
"""What is read of a robots.txt: RFC 9309 asks for 500 kibibytes at least."""
MAX_NAMED_SITEMAPS = 100


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of a robots.txt that was read, or that is not there."""

    _rules: Protego = field(default_factory=Protego)
    byte_count: int = 0
    """The time to ask grows with it."""

    @classmethod
    def read(cls, content: bytes) -> "Robots":
        """Read a robots.txt, whatever it holds."""
        # Without the mark of a byte order, which would hide the first line.
        text = content[:MAX_ROBOTS_BYTES].decode("utf-8-sig", errors="replace").replace("\0", "")
        return cls(Protego.parse(text), len(content))

    def allows(self, address: str) -> bool:
        """Tell whether a page may be fetched. The time grows with the rules, of which a file may have thousands."""
        return self._rules.can_fetch(address, AGENT)

    @property
    def delay(self) -> float:
        """How many seconds are to pass between two requests."""
        return self._rules.crawl_delay(AGENT) or 0.0

    @property
    def sitemaps(self) -> Sequence[str]:
        """The sitemaps that it names, as it writes them."""
        return list(islice(self._rules.sitemaps, MAX_NAMED_SITEMAPS))


@dataclass(frozen=True, slots=True)
class Directives:
    """What a page asks of those who index: its robots tag, or the header of that name."""

    noindex: bool = False
    nofollow: bool = False

    @classmethod
    def read(cls, text: str) -> "Directives":
        """Read "noindex, nofollow", with or without the name of a crawler before it. Others' are passed over."""
        noindex = nofollow = False
        is_ours = True
        for part in text.lower().split(","):
            name, colon, rest = part.partition(":")
            if colon and name.strip() not in {"unavailable_after", "max-snippet", "max-image-preview"}:
                is_ours = name.strip() in {AGENT.lower(), "*", "robots"}
                part = rest  # noqa: PLW2901 - what follows the name
            word = part.strip()
            if is_ours:
                noindex |= word in {"noindex", "none"}
                nofollow |= word in {"nofollow", "none"}
        return cls(noindex, nofollow)

    def __or__(self, other: "Directives") -> "Directives":
        """Return what either asks."""
        return Directives(self.noindex or other.noindex, self.nofollow or other.nofollow)
