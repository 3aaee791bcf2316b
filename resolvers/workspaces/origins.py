"""Which pages may show a workspace's assistant: domains as their owner writes them, origins as browsers send them."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

MAX_DOMAINS = 50
MAX_DOMAIN_CHARACTERS = 255
"""The longest name of a host (RFC 1035, 2.3.4)."""
DEFAULT_PORTS = {"http": 80, "https": 443}
LAST_PORT = 65_535
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]"
_PORT = "(?::([0-9]{1,5}))?"
_DOMAIN = re.compile(rf"((?:\*\.)?(?:{_HOST})){_PORT}")
_ORIGIN = re.compile(rf"(https?)://({_HOST})\.?{_PORT}")


@dataclass(frozen=True, slots=True)
class Origin:
    """A page's origin (RFC 6454, 4): its host in lower case, in IDNA's ASCII form, without the dot of the root."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, header: str | None) -> "Origin | None":
        """Read an `Origin` header. None when it names no site: "null" of a file or a sandboxed frame, an extension."""
        found = _ORIGIN.fullmatch((header or "").lower())
        if found is None:
            return None
        scheme, host, port = found.groups()
        number = int(port) if port else DEFAULT_PORTS[scheme]
        return cls(scheme, host, number) if number <= LAST_PORT else None

    def __str__(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def normalised_domain(text: str) -> str | None:
    """Return a domain ("example.com", "*.example.com", "localhost:3000") from what its owner wrote, or None."""
    domain = text.strip()
    try:
        if "://" in domain:
            domain = urlsplit(domain).netloc
        domain = domain.rstrip("/")
        domain = domain.lower() if domain.isascii() else _in_ascii(domain)
    except ValueError:
        return None
    domain = re.sub(r"\.(?=:|$)", "", domain, count=1)
    found = _DOMAIN.fullmatch(domain) if len(domain) <= MAX_DOMAIN_CHARACTERS else None
    return domain if found and int(found[2] or 0) <= LAST_PORT else None


def is_allowed(origin: Origin, domains: list[str], own_host: str | None) -> bool:
    """Tell whether a page of `origin` may start a visit: its host is listed, or is the server's own (`/demo`)."""
    if own_host is not None and Origin.of(f"{origin.scheme}://{own_host}") == origin:
        return True
    return any(_matches(domain, origin) for domain in domains)


def _in_ascii(domain: str) -> str:
    """Return an international name as browsers send it (UTS 46, nontransitional). Raises `ValueError`."""
    wildcard, rest = ("*.", domain[2:]) if domain.startswith("*.") else ("", domain)
    name, colon, port = rest.partition(":")
    return wildcard + idna.encode(name, uts46=True).decode() + colon + port


def _matches(domain: str, origin: Origin) -> bool:
    found = _DOMAIN.fullmatch(domain)
    if found is None or (found[2] and int(found[2]) != origin.port):
        return False
    host = found[1]
    return origin.host.endswith(host[1:]) if host.startswith("*.") else origin.host == host
