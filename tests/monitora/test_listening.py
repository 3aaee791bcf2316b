"""The sockets of the server, and what an operator is told when it cannot have them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monitora.listening import CannotListen, address_of, browsable, listen

TYPED = "monitora serve"


@contextmanager
def listening(host: str, port: int = 0) -> Iterator[list[socket.socket]]:
    """Listen for the time of a block."""
    sockets = listen(host, port, command=TYPED)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def refusal(host: str, port: int, *, as_option: bool = False) -> str:
    """Return what is said of a host and a port that the server cannot have."""
    with pytest.raises(CannotListen) as refused:
        listen(host, port, command=TYPED, as_option=as_option)
    return str(refused.value)


def port_of(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::"])
def test_a_client_connects_as_soon_as_the_sockets_are_there(host: str) -> None:
    with listening(host) as sockets:
        for each in sockets:
            with socket.create_connection(("::1" if each.family == socket.AF_INET6 else "127.0.0.1", port_of(each))):
                pass
        assert len({port_of(each) for each in sockets}) == 1, "one port, on each address of the host"


def test_a_taken_port_is_told_with_one_that_is_free() -> None:
    with listening("127.0.0.1") as (taken,):
        port = port_of(taken)
        said = refusal("127.0.0.1", port)
        free = int(said.removeprefix(f"Port {port} is taken: MONITORA_PORT=").removesuffix(f" {TYPED}"))
        with listening("127.0.0.1", free):
            pass


def test_a_port_that_was_an_option_is_told_as_an_option() -> None:
    with listening("::1") as (taken,):
        assert f"is taken: {TYPED} --port " in refusal("::1", port_of(taken), as_option=True)


def test_behind_the_last_port_another_is_told() -> None:
    try:
        with listening("127.0.0.1", 65_535):
            said = refusal("127.0.0.1", 65_535)
    except CannotListen as taken:
        said = str(taken)

    assert 0 < int(said.split("MONITORA_PORT=")[1].split()[0]) < 65_535


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    said = refusal(host, 0)

    assert said == f"{host} is not an address of this machine: set MONITORA_HOST or --host to one, such as 127.0.0.1."


def test_a_name_without_an_address_is_refused() -> None:
    assert refusal("nowhere.invalid", 0).startswith("The name nowhere.invalid has no address: set MONITORA_HOST ")


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert address_of("::1", 8000) == "http://[::1]:8000"
    assert address_of("127.0.0.1", 8000) == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("host", "opened"),
    [
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("a.b", "http://a.b:80"),
    ],
)
def test_a_browser_is_sent_to_an_address_it_can_open(host: str, opened: str) -> None:
    assert browsable(host, 80) == opened
