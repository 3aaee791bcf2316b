"""Which pages may show a workspace's assistant: domains as their owner writes them, origins as browsers send them."""

import re
from urllib.parse import urlsplit

MAX_DOMAINS = 50
_DOMAIN = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?")


def normalised_domain(text: str) -> str | None:
    """Return a domain ("example.com", "*.example.com", "localhost:3000") from what its owner wrote, or None."""
    domain = text.strip().casefold()
    if "://" in domain:
        domain = urlsplit(domain).netloc
    domain = domain.rstrip("/")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return None
    return domain if len(domain) <= 255 and _DOMAIN.fullmatch(domain) else None  # noqa: PLR2004 - RFC 1035's limit


def is_allowed(origin: str, domains: list[str], own_host: str | None) -> bool:
    """Tell whether a page of `origin` may start a visit: its host is listed, or is the server's own (`/demo`)."""
    try:
        parts = urlsplit(origin.casefold())
        host, netloc = parts.hostname, parts.netloc
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not host:
        return False
    if own_host is not None and netloc == own_host.casefold():
        return True
    return any(_matches(domain, netloc if ":" in domain else host) for domain in domains)


def _matches(domain: str, host: str) -> bool:
    if domain.startswith("*."):
        return host.endswith(domain[1:])
    return host == domain
