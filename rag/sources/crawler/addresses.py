"""Addresses of pages in one form, and which of them belong to a site.

Two texts that lead to the same page should be one address: without fragment, session and campaign, with the port,
the path and the order of the query as everybody writes them.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from uuid import UUID

from core.outbound import host_name

MAX_URL_CHARACTERS = 2_000
"""The longest address of a page."""
PORTS = {"http": 80, "https": 443}

_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?[]|"
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_SESSION_OF_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_SESSION = re.compile(
    r"(?:phpsessid|jsessionid|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken|oscsid|zenid|s?sessionid|session_id)",
    re.IGNORECASE,
)
_MAYBE_SESSION = re.compile(r"(?:sid|s|session|token)=[0-9A-Za-z_-]{16,}", re.IGNORECASE)
_CAMPAIGN = re.compile(
    r"(?:utm_\w+|gclid|gclsrc|dclid|fbclid|msclkid|twclid|yclid|igshid|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|hsctatracking"
    r"|mkt_tok|oly_anon_id|oly_enc_id|vero_id|wickedid|trk|ref_src)",
    re.IGNORECASE,
)
_REMOVED_WITHIN = re.compile(r"[\t\r\n]")
_AROUND = "".join(map(chr, range(0x21)))


def canonical(text: str, base: str | None = None) -> str | None:
    """Return an address of http or https in its one form; None for a text that is none, or is too long.

    `base` is the page that the text was found on. An address with a name of a user is none: it would send a password.
    """
    cleaned = _REMOVED_WITHIN.sub("", text.strip(_AROUND))
    if len(cleaned) > MAX_URL_CHARACTERS:
        return None
    try:
        parts = urlsplit(urljoin(base, cleaned) if base else cleaned)
        origin = _origin(parts)
    except ValueError:
        return None
    if origin is None:
        return None
    address = origin + _path(parts.path) + _query(parts.query)
    return address if len(address) <= MAX_URL_CHARACTERS else None


@dataclass(frozen=True, slots=True)
class Site:
    """A website: one host, with and without "www.", by http or https where both are at their usual ports."""

    origin: str

    @classmethod
    def of(cls, address: str) -> "Site":
        """Return the site that a canonical address is of."""
        parts = urlsplit(address)
        return cls(f"{parts.scheme}://{parts.netloc}")

    def address(self, text: str, base: str | None = None) -> str | None:
        """Return the canonical address of a page of this site, at the site's own origin; None for any other text."""
        found = canonical(text, base)
        if found is None or not self.holds(found):
            return None
        return self.origin + found[len(Site.of(found).origin) :]

    def holds(self, address: str) -> bool:
        """Tell whether a canonical address is of this site."""
        return _place(urlsplit(address)) == _place(urlsplit(self.origin))


def page_key(website_id: UUID, address: str) -> UUID:
    """Return the key of a page's row: made of its website and address, so that no page has two rows."""
    return UUID(bytes=hashlib.sha256(website_id.bytes + address.encode()).digest()[:16])


def path_and_query(address: str) -> str:
    """Return what of an address is told apart within its site."""
    return address[len(Site.of(address).origin) :]


def _origin(parts: SplitResult) -> str | None:
    if parts.scheme not in PORTS or parts.username is not None or parts.password is not None:
        return None
    host = host_name(parts.hostname or "")
    if host is None:
        return None
    port = "" if parts.port in {None, PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _place(parts: SplitResult) -> tuple[object, ...]:
    host = (parts.hostname or "").removeprefix("www.")
    return (host, None) if parts.port in {None, PORTS[parts.scheme]} else (host, parts.scheme, parts.port)


def _path(path: str) -> str:
    written = _SESSION_OF_PATH.sub("", path.replace("\\", "/"))
    kept: list[str] = []
    segments = _escaped(written, _PATH_SAFE).split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    joined = "/".join(kept)
    return joined if joined.startswith("/") else f"/{joined}"


def _query(query: str) -> str:
    kept = sorted(_meant(_escaped(query, _QUERY_SAFE)), key=lambda part: part.partition("=")[0])
    return f"?{'&'.join(kept)}" if kept else ""


def _meant(query: str) -> Iterator[str]:
    for part in query.split("&"):
        name = part.partition("=")[0]
        if part and not _SESSION.fullmatch(name) and not _CAMPAIGN.fullmatch(name) and not _MAYBE_SESSION.match(part):
            yield part


def _escaped(text: str, safe: str) -> str:
    whole = quote(_LONE_PERCENT.sub("%25", text), safe=safe, errors="replace")
    return _PERCENT.sub(_as_usual, whole)


def _as_usual(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()
