"""The sockets of the server: bound before anything is said of them, or a sentence that says what to set."""

import errno
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

BACKLOG = 2048
"""Connections that wait to be accepted."""
NEXT_PORTS = 20
"""How many ports after a taken one are tried for one that is free."""
UNPRIVILEGED_PORT = 8000
NOT_OF_THIS_MACHINE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
LOCAL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is shown in their place
"""Where a browser of the same machine reaches a server that listens on all addresses."""


_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


class CannotListen(Exception):
    """The server cannot have its address. The message says in a sentence what to set."""


def address_of(host: str, port: int) -> str:
    """Return the URL of a host and port; an IPv6 address stands in brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def browsable(host: str, port: int) -> str:
    """Return the URL that a browser of this machine opens."""
    return address_of(LOCAL.get(host, host), port)


def listen(host: str, port: int, *, command: str, as_option: bool = False) -> list[socket.socket]:
    """Return sockets that listen on every address of a host, all on one port; port 0 is one that is free.

    `command` is what the operator typed and may type again with another port: with `--port` if `as_option`, else with
    MONITORA_PORT. Raises `CannotListen`.
    """
    try:
        return _bound(host, port)
    except OSError as error:
        raise CannotListen(_sentence(error, host, port, command, as_option=as_option)) from error


def _bound(host: str, port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, (address, _, *scope) in _addresses(host):
        # Each address has the port that the first was given.
        port = bound[0].getsockname()[1] if bound else port
        try:
            bound.append(socket.create_server((address, port, *scope), family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno not in NOT_OF_THIS_MACHINE:
                _close(bound)
                raise
            # A name may have an address of a family that the machine lacks beside one that it has.
            missing = error
    if missing is not None and not bound:
        raise missing
    return bound


def _addresses(host: str) -> list[_Address]:
    found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _sentence(error: OSError, host: str, port: int, command: str, *, as_option: bool) -> str:
    def again(free: int) -> str:
        return f"{command} --port {free}" if as_option else f"MONITORA_PORT={free} {command}"

    if isinstance(error, socket.gaierror):
        return f"The name {host} has no address: set MONITORA_HOST or --host to one of this machine, such as 127.0.0.1."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: {again(_free(host, port + 1))}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Port {port} is for privileged accounts: {again(_free(host, UNPRIVILEGED_PORT))}"
    if error.errno in NOT_OF_THIS_MACHINE:
        return f"{host} is not an address of this machine: set MONITORA_HOST or --host to one, such as 127.0.0.1."
    return f"The server cannot listen on {address_of(host, port)}: {error.strerror}."


def _free(host: str, first: int) -> int:
    """Return the first port from one on that is free, or one that the system gives."""
    for port in (*range(first, min(first + NEXT_PORTS, 65_536)), 0):
        with suppress(OSError):
            free = _bound(host, port)
            found = int(free[0].getsockname()[1])
            _close(free)
            return found
    return first
