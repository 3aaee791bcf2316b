"""What the texts of settings are checked for, and how lists in them are read."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from resolvers.workspaces.origins import Origin, in_ascii

WEB = ("http", "https")
REDIS = ("redis", "rediss", "unix")


def listed(text: str) -> list[str]:
    """Return the values between spaces or commas."""
    return text.replace(",", " ").split()


def checked_url(url: str, schemes: tuple[str, ...], example: str) -> str:
    """Return a URL of one of the schemes, as it is; an empty text stays empty. Raises `ValueError`."""
    try:
        parts = urlsplit(url)
        # Reading the port raises ValueError for one that is none.
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    else:
        complete = complete or (parts.scheme == "unix" and bool(parts.path))
    if url and not (complete and parts.scheme in schemes and " " not in url):
        raise ValueError(f"write a whole URL that begins with {_either(schemes)}, such as {example}")
    return url


def checked_database_url(url: str) -> str:
    """Return the URL of a database that is served, as it is; an empty text stays empty. Raises `ValueError`."""
    if not url:
        return url
    try:
        driver = make_url(url).drivername
    except ArgumentError as error:
        raise ValueError("this is no database URL; write sqlite:///FILE or mssql+aioodbc://…") from error
    # The second is how earlier versions wrote it.
    if driver not in {"sqlite", "sqlite+aiosqlite", "mssql+aioodbc"}:
        raise ValueError(f"the driver {driver} is not served; use sqlite or mssql+aioodbc")
    return url


def checked_networks(networks: str) -> str:
    """Return a list of networks, as it is. Raises `ValueError`."""
    for network in listed(networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ValueError(f"{network[:50]!r} is no network; write 10.1.0.0/16 or fd12:3456::/32") from error
    return networks


def host_name(host: str) -> str | None:
    """Return the name in a `Host` (`Example.com:8000`), in lower case and ASCII, without its port; None for no host."""
    try:
        read = Origin.of(f"http://{in_ascii(host)}")
    except ValueError:
        return None
    return None if read is None else read.host


def checked_hosts(hosts: str) -> str:
    """Return a list of hosts, as it is. Raises `ValueError`."""
    for host in listed(hosts):
        if host_name(host.removeprefix("*.")) is None:
            raise ValueError(f"{host[:50]!r} is no host; write chat.example.com, *.example.com or 10.0.0.5")
    return hosts


def _either(schemes: tuple[str, ...]) -> str:
    *others, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(others)} or {last}"
