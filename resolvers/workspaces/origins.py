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
_LISTED = re.compile(rf"(?:(https?)://)?((?:\*\.)?(?:{_HOST})){_PORT}")
_THIS_MACHINE = re.compile(r"(?:.+\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
"""Hosts whose pages are the visitor's own (RFC 6761, 6.3)."""
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


@dataclass(frozen=True, slots=True)
class ListedSite:
    """An entry of a workspace's list. A host that begins with `*.` is every sub-domain. None is any scheme, or port."""

    scheme: str | None
    host: str
    port: int | None

    @classmethod
    def of(cls, entry: str) -> "ListedSite | None":
        """Read an entry in lower case and ASCII, or return None.

        An entry without a scheme means https, and one without a port the scheme's own. What is written for this machine
        (`localhost`, `localhost:3000`) is for those who build a site, and means http too, and any port unless it names
        one. Port 80 can only mean http.
        """
        found = _LISTED.fullmatch(entry)
        if found is None:
            return None
        scheme, host, port = found[1], found[2], int(found[3]) if found[3] else None
        if len(host) > MAX_DOMAIN_CHARACTERS or port == 0 or (port or 0) > LAST_PORT:
            return None
        if scheme is None and _THIS_MACHINE.fullmatch(host):
            return cls(None, host, port)
        scheme = scheme or ("http" if port == DEFAULT_PORTS["http"] else "https")
        return cls(scheme, host, port or DEFAULT_PORTS[scheme])

    def allows(self, origin: Origin) -> bool:
        """Tell whether a page of an origin is one of the site's."""
        if self.scheme not in {None, origin.scheme} or self.port not in {None, origin.port}:
            return False
        return origin.host.endswith(self.host[1:]) if self.host.startswith("*.") else origin.host == self.host

    def __str__(self) -> str:
        port = "" if self.port in {None, DEFAULT_PORTS.get(self.scheme or "")} else f":{self.port}"
        is_understood = self.scheme is None or (self.scheme == "https" and not port)
        # With its scheme, what is written for this machine means less than without.
        if is_understood and not (self.scheme and _THIS_MACHINE.fullmatch(self.host)):
            return f"{self.host}{port}"
        return f"{self.scheme}://{self.host}{port}"


def normalised_domain(text: str) -> str | None:
    """Return an entry in the one form that is kept, from what its owner wrote; or None for what names no site.

    "example.com", "*.example.com", "https://example.com:8443", "http://example.com", "localhost:3000".
    """
    scheme, separator, domain = text.strip().rpartition("://")
    try:
        if separator:
            domain = urlsplit(f"//{domain}").netloc
        domain = in_ascii(domain.rstrip("/"))
    except ValueError:
        return None
    domain = re.sub(r"\.(?=:|$)", "", domain, count=1)
    site = ListedSite.of(f"{scheme.lower()}{separator}{domain}")
    return None if site is None else str(site)


def is_allowed(origin: Origin, domains: list[str], own_host: str | None) -> bool:
    """Tell whether a page of `origin` may start a visit: its site is listed, or is the server's own (`/demo`)."""
    if own_host is not None and Origin.of(f"{origin.scheme}://{own_host}") == origin:
        return True
    sites = (ListedSite.of(domain) for domain in domains)
    return any(site.allows(origin) for site in sites if site is not None)


def entry_for(origin: Origin) -> str:
    """Return the entry that allows the pages of an origin and no others."""
    return str(ListedSite(origin.scheme, origin.host, origin.port))


def in_ascii(domain: str) -> str:
    """Return a name, with its port if it has one, in lower case and as browsers send it (UTS 46, nontransitional).

    Raises `ValueError`.
    """
    if domain.isascii():
        return domain.lower()
    wildcard, rest = ("*.", domain[2:]) if domain.startswith("*.") else ("", domain)
    name, colon, port = rest.partition(":")
    return wildcard + idna.encode(name, uts46=True).decode() + colon + port
