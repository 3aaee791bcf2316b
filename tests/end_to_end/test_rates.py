"""Rates on the wire: the headers of HTTP, the errors of the websocket, the operator's settings."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitora.http.rate_headers import RATE_HEADERS
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { __typename ... on UserError { code } } }"
ACCOUNT = {"email": "nobody@example.com", "password": "not the password"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that allows two logins a minute from one address, behind a proxy it believes."""
    folder = tmp_path_factory.mktemp("strict")
    assert monitora({"MONITORA_DATA_DIR": str(folder)}, "migrate").returncode == 0
    with running(folder, MONITORA_RATE_LOGIN_PER_ADDRESS="2/minute") as server:
        yield server


async def _login(server: Server, address: str, **headers: str) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    body = {"query": LOGIN, "variables": {"input": ACCOUNT}}
    headers = {"x-forwarded-for": address, **headers}
    async with aiohttp.ClientSession() as session, session.post(server.http, json=body, headers=headers) as response:
        return response.status, response.headers, json.loads(await response.text())


async def test_the_headers_say_the_policy_what_remains_and_when_more_may_follow(strict: Server) -> None:
    status, headers, body = await _login(strict, "192.0.2.1")

    assert (status, body["data"]["login"]["code"]) == (200, "INVALID_CREDENTIALS")
    assert headers["RateLimit-Policy"] == '"login_per_address";q=2;w=60'
    assert headers["RateLimit"].startswith('"login_per_address";r=1;t=')
    assert 0 < int(headers["RateLimit"].rpartition("=")[2]) <= 60
    assert "Retry-After" not in headers


async def test_what_is_refused_says_when_to_try_again_and_keeps_the_status_of_graphql(strict: Server) -> None:
    await _login(strict, "192.0.2.2")
    await _login(strict, "192.0.2.2")

    status, headers, body = await _login(strict, "192.0.2.2")

    (error,) = body["errors"]
    assert (status, error["extensions"]["code"]) == (200, "RATE_LIMITED")
    assert headers["RateLimit"].startswith('"login_per_address";r=0;t=')
    assert abs(int(headers["Retry-After"]) - error["extensions"]["retryAfterSeconds"]) <= 1
    assert error["extensions"]["retryAt"]


async def test_an_operation_without_a_rate_has_no_such_headers(strict: Server) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(strict.http, json={"query": "{ __typename }"}) as response,
    ):
        assert not [name for name in RATE_HEADERS if name in response.headers]


async def test_the_caller_is_the_address_the_proxy_names_and_for_ipv6_its_network(strict: Server) -> None:
    answers = [await _login(strict, f"2001:db8::{number}") for number in range(1, 4)]
    elsewhere = await _login(strict, "2001:db8:0:1::1")

    assert ["errors" in body for _, _, body in answers] == [False, False, True]
    assert "errors" not in elsewhere[2]


async def test_pages_of_other_sites_may_read_the_headers(strict: Server) -> None:
    _, headers, _ = await _login(strict, "192.0.2.3", origin="https://shop.example")

    exposed = headers["Access-Control-Expose-Headers"].casefold()
    assert {"ratelimit", "ratelimit-policy", "retry-after"} <= {name.strip() for name in exposed.split(",")}


async def test_over_the_websocket_the_error_says_the_same(strict: Server) -> None:
    payload = {"query": LOGIN, "variables": {"input": ACCOUNT}}
    frames = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            strict.websocket, protocols=["graphql-transport-ws"], headers={"x-forwarded-for": "192.0.2.4"}
        ) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "connection_ack"
        for number in range(3):
            await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
            while (frame := await socket.receive_json(timeout=HANG_SECONDS))["type"] != "complete":
                frames.append(frame)

    assert frames[0]["payload"]["data"]["login"]["code"] == "INVALID_CREDENTIALS"
    extensions = frames[-1]["payload"]["errors"][0]["extensions"]
    assert extensions["code"] == "RATE_LIMITED"
    assert extensions["retryAt"]
    assert extensions["retryAfterSeconds"] > 0


@pytest.mark.parametrize("text", ["ten/minute", "0/minute", "10", "5/second;9/hour"])
def test_a_rate_that_cannot_be_read_stops_the_start_and_is_named(tmp_path: Path, text: str) -> None:
    started = monitora({"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_RATE_VISIT_PER_KEY": text}, "serve")

    assert started.returncode != 0
    assert "MONITORA_RATE_VISIT_PER_KEY" in started.stderr
    assert "Traceback" not in started.stderr


def test_the_rates_are_listed_with_the_settings(tmp_path: Path) -> None:
    shown = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "settings").stdout

    assert "MONITORA_RATE_LOGIN_PER_ADDRESS" in shown
    assert "3000/minute" in shown
