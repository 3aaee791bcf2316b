"""Where the server may connect to for its users: a guard against server-side request forgery (CWE-918).

Whoever names a host for the server to connect to could name one that only the server reaches: its own machine, its
network, the metadata service of its cloud. The guard resolves the name once, judges every address, and returns them:
connect to these, never to the name again, which may lead elsewhere a moment later (DNS rebinding).
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the texts of a name's addresses. Raises `OSError` when it has none."""

MAX_HOST_CHARACTERS = 253
"""The longest name of a host, without the dot of the root (RFC 1035, 2.3.4)."""
DATABASE_PORTS = range(1_024, 65_536)
"""Every database's usual port is here; mail, shells and other services that obey text are below."""
WEB_PORTS = frozenset({80, 443, *range(1_024, 65_536)}) - {
    # Those above 1,024 that browsers refuse because they speak another protocol (Fetch standard, "bad port").
    *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080),
}
"""The ports that a website may be on."""
RESOLVE_SECONDS = 5.0
RESOLVING_AT_ONCE = 4
MAX_ADDRESSES = 16

SPECIAL = tuple(
    ip_network(network)
    for network in (
        # IANA's registry of special-purpose IPv4 addresses (RFC 6890), and multicast.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # All of IPv6 but what is assigned for general use, 2000::/3; in it, IANA's registry for IPv6: protocols (with
        # Teredo), AS112, 6to4 (which holds an IPv4 address), documentation.
        *("::/3", "4000::/2", "8000::/1"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""Networks that are not the public internet's. An operator may allow some of them."""
NEVER = tuple(
    ip_network(network)
    for network in (
        # Nowhere, everybody, and links.
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8"),
        # IPv6 addresses that embed IPv4: mapped, translated, NAT64, 6to4, Teredo. Their targets would not be judged.
        *("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
        # Metadata services outside the link: Azure's, Alibaba's, Oracle's, Amazon's and Google's by IPv6.
        *("168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128"),
    )
)
"""Networks that no operator can allow."""

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""The last label of an address in one of the forms that C libraries read, such as 127.1 or 0x7f000001."""


class NotAllowed(Exception):
    """The server may not connect there. The message tells no more than whoever asks may know."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the server may connect to: `addresses`, in the resolver's order, and none else.

    `host` is the name for TLS and for the Host header, in ASCII.
    """

    host: str
    port: int
    addresses: tuple[Address, ...]


class SsrfGuard:
    """Decides whether the server may connect to a host for a user. `networks` are the private ones it may."""

    def __init__(self, networks: Sequence[Network] = (), resolve: Resolve | None = None) -> None:
        self._networks = tuple(networks)
        # Names are resolved beside asyncio's own threads: a name server that is slow on purpose must not hold them.
        self._threads = ThreadPoolExecutor(RESOLVING_AT_ONCE, thread_name_prefix="resolver")
        self._resolve = resolve or self._by_the_system

    def close(self) -> None:
        """Wait for no name any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def database(self, host: str, port: int) -> Destination:
        """Return where a database is reached. Raises `NotAllowed`."""
        if port not in DATABASE_PORTS:
            raise NotAllowed(f"A database's port is between {DATABASE_PORTS.start} and {DATABASE_PORTS.stop - 1}.")
        return await self._destination(host, port)

    async def website(self, host: str, port: int) -> Destination:
        """Return where a website is reached. Raises `NotAllowed`."""
        if port not in WEB_PORTS:
            raise NotAllowed("A website's port is 80, 443, or one above 1,023 that no other protocol has.")
        return await self._destination(host, port)

    def without_networks(self) -> "SsrfGuard":
        """Return a guard for the public internet alone. It ends with this one."""
        return SsrfGuard(resolve=self._resolve)

    def allows(self, address: Address) -> bool:
        """Tell whether the server may connect to an address."""
        if getattr(address, "scope_id", None) is not None or _is_in(address, NEVER):
            return False
        return _is_in(address, self._networks) or not _is_in(address, SPECIAL)

    async def _destination(self, host: str, port: int) -> Destination:
        # One answer for a name that does not exist and for one that leads inside: names of the inside are not told.
        refused = NotAllowed(
            "The server may not connect to this host: it does not exist, or is in a network that the operator has not "
            "allowed (MONITORA_ALLOWED_NETWORKS)."
        )
        name = host_name(host)
        if name is None:
            raise refused
        addresses = await self._addresses(name)
        if not addresses or not all(self.allows(address) for address in addresses):
            raise refused
        return Destination(name, port, addresses)

    async def _addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of a name; none when it has none, or one that is none of either family."""
        try:
            return (ip_address(name),)
        except ValueError:
            pass
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                texts = await self._resolve(name)
            return tuple(dict.fromkeys(ip_address(text) for text in texts))[:MAX_ADDRESSES]
        except (OSError, TimeoutError, ValueError):
            return ()

    async def _by_the_system(self, name: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, name)
        return [str(place[4][0]) for place in found]


def host_name(text: str) -> str | None:
    """Return a host's name in ASCII and lower case, or its address in its usual form; None when it is neither."""
    host = text.removeprefix("[").removesuffix("]") if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        name = (host if host.isascii() else idna.encode(host, uts46=True).decode()).lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return None
    # An address that is written in no usual form is nobody's name.
    return name if _NAME.fullmatch(name) and not _NUMBER.fullmatch(name.rpartition(".")[2]) else None


def _look_up(name: str) -> list[tuple[int, int, int, str, tuple[str | int, ...]]]:
    # With the dot of the root, a resolver adds no domain of its own network, but then names of that network alone
    # (a container's) are not found. So it is left out, and the addresses are judged whatever they come from.
    return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)  # type: ignore[return-value]


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
