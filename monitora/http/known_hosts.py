"""The hosts that the server answers for, against DNS rebinding.

A page whose name was made to lead here is, for the browser, of one origin with the server, and CORS does not keep it
from reading answers. Its requests name its own host and none of the server's.
"""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from monitora.settings.settings import Settings
from monitora.settings.values import host_name, listed

PROBES = {"/healthz", "/readyz", "/metrics"}
"""What machines of the operator's own network ask for, by the address of the process."""
MAX_HOST_BYTES = 300
"""More than a name of DNS and a port have (RFC 1035, 2.3.4)."""
KEPT_HOSTS = 1_000
"""Names that are remembered with what they are: nearly every request names the same."""
WHAT_TO_SET = (
    "The operator adds a host to MONITORA_ALLOWED_HOSTS, or sets MONITORA_PUBLIC_URL to the address that browsers use."
)


class KnownHosts:
    """Answers 421 to a request or a websocket for a host that is not the server's.

    Known are the public URL's host and the allowed ones; where there is no public URL, the names of this machine. A
    server that has neither and listens beyond its machine does not know its names, and answers for all.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        hosts = listed(settings.allowed_hosts.lower())
        if settings.public_url:
            hosts.append(urlsplit(settings.public_url).netloc.rpartition("@")[2].lower())
        self._names = {host_name(host) for host in hosts if not host.startswith("*.")}
        self._suffixes = tuple(f".{host_name(host[2:])}" for host in hosts if host.startswith("*."))
        self._knows_local_names = not settings.public_url
        self._answers_for_all = not hosts and not _is_local(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "lifespan" or self._answers_for_all:
            await self._app(scope, receive, send)
            return
        sent = [value for name, value in scope["headers"] if name == b"host"]
        host = _name(sent[0]) if len(sent) == 1 and len(sent[0]) <= MAX_HOST_BYTES else None
        if host is None:
            refusal = PlainTextResponse("A request names one host, in its header Host.", status_code=400)
        elif not self._is_known(host, scope["path"]):
            text = f"This server does not answer for the host {host}. {WHAT_TO_SET}"
            refusal = PlainTextResponse(text, status_code=421)
        else:
            await self._app(scope, receive, send)
            return
        await refusal(scope, receive, send)

    def _is_known(self, host: str, path: str) -> bool:
        if host in self._names or host.endswith(self._suffixes):
            return True
        if self._knows_local_names and _is_local(host):
            return True
        # A name may be made to lead anywhere, a number may not: what has one as its host was not led here.
        return path in PROBES and (_is_local(host) or _is_address(host))


@lru_cache(KEPT_HOSTS)
def _name(sent: bytes) -> str | None:
    return host_name(sent.decode("latin-1"))


@lru_cache(KEPT_HOSTS)
def _is_local(host: str) -> bool:
    """Tell whether a name or an address is this machine's own (RFC 6761, 6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ip_address(host.strip("[]")).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
