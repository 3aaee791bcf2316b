"""What others name is fetched within bounds, and from nowhere that the guard refuses."""

import gzip
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.http_client import FetchFailed, FetchFault, HttpClient
from core.outbound import NotAllowed, SsrfGuard
from tests.core.test_outbound import Names
from tests.support.website import Reply, WebsiteServer

LOCAL = ip_network("127.0.0.0/8")


@pytest.fixture
def site() -> Iterator[WebsiteServer]:
    with WebsiteServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with HttpClient(SsrfGuard([LOCAL]), "Monitora/1.0 (+https://example.com)") as opened:
        yield opened


async def _fault(client: HttpClient, url: str, **how: float) -> FetchFault:
    with pytest.raises(FetchFailed) as failed:
        await client.get(url, max_bytes=int(how.get("max_bytes", 10_000)), seconds=how.get("seconds", 20.0))
    return failed.value.fault


async def test_a_page_is_fetched_by_a_client_that_names_itself_and_keeps_no_cookie(
    site: WebsiteServer, client: HttpClient
) -> None:
    site.replies["/"] = Reply(200, gzip.compress(b"Welcome"), {"content-encoding": "gzip", "set-cookie": "a=b"})

    for _ in range(2):
        response = await client.get(site.url, max_bytes=1_000, seconds=20)
        assert (response.status, response.content) == (200, b"Welcome")

    assert [request.headers["user-agent"] for request in site.requests] == ["Monitora/1.0 (+https://example.com)"] * 2
    assert not any("cookie" in request.headers for request in site.requests)
    assert site.most_connections == 1


async def test_a_redirect_is_told_and_not_followed(site: WebsiteServer, client: HttpClient) -> None:
    site.replies["/"] = Reply(302, headers={"location": "/next"})

    response = await client.get(site.url, max_bytes=1_000, seconds=20)

    assert (response.status, response.headers["location"]) == (302, "/next")
    assert site.asked == {"/": 1}


async def test_the_connection_goes_to_the_address_that_was_judged(site: WebsiteServer) -> None:
    """The name leads elsewhere after the first question: nobody asks a second time for one connection."""
    names = Names(shop_example=[["127.0.0.1"], ["10.0.0.1"]])
    site.put("/", "Welcome")
    async with HttpClient(SsrfGuard([LOCAL], names), "Monitora") as client:
        response = await client.get(f"http://shop.example:{site.port}/", max_bytes=1_000, seconds=20)

        assert response.content == b"Welcome"
        assert names.asked == ["shop.example"]
        assert site.requests[0].headers["host"] == f"shop.example:{site.port}"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::1]:{}/", "ftp://a.example/"]
)
async def test_nothing_inside_is_asked(site: WebsiteServer, url: str) -> None:
    async with HttpClient(SsrfGuard(), "Monitora") as client:
        assert await _fault(client, url.format(site.port)) is FetchFault.NOT_ALLOWED

    assert not site.requests


@pytest.mark.parametrize("port", [22, 25, 6000, 6667])
async def test_a_website_is_on_no_port_of_another_protocol(port: int) -> None:
    with pytest.raises(NotAllowed):
        await SsrfGuard().website("93.184.216.34", port)


async def test_no_proxy_is_taken_from_the_environment(
    site: WebsiteServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("/", "Welcome")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert (await client.get(site.url, max_bytes=1_000, seconds=20)).content == b"Welcome"


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(200, b"x" * 20_000), FetchFault.TOO_LARGE),
        (Reply(200, gzip.compress(b"\0" * 50_000_000), {"content-encoding": "gzip"}), FetchFault.TOO_LARGE),
        (Reply(200, b"no gzip", {"content-encoding": "gzip"}), FetchFault.BROKEN_ENCODING),
        (Reply(200, gzip.compress(b"x" * 999)[:-9], {"content-encoding": "gzip"}), FetchFault.BROKEN_ENCODING),
        (Reply(200, b"x", {"content-encoding": "br"}), FetchFault.BROKEN_ENCODING),
        (Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"), FetchFault.NO_CONNECTION),
        (Reply(raw=b"220 mail.example ESMTP\r\n"), FetchFault.NO_CONNECTION),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000 + b"\r\n\r\n"), FetchFault.NO_CONNECTION),
        (Reply(200, b"x" * 100, pause=0.05, drip=1), FetchFault.TIMEOUT),
        (Reply(raw=b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000), FetchFault.NO_CONNECTION),
    ],
    ids=[
        *("large", "bomb", "not packed", "cut", "packed otherwise", "short", "mail", "long header", "slow"),
        "nothing final",
    ],
)
async def test_a_server_that_does_not_hold_to_the_rules_is_left(
    site: WebsiteServer, client: HttpClient, reply: Reply, fault: FetchFault
) -> None:
    site.replies["/"] = reply

    assert await _fault(client, site.url, seconds=1.0 if fault is FetchFault.TIMEOUT else 20.0) is fault


async def test_a_certificate_that_nobody_vouches_for_is_refused(client: HttpClient, tmp_path: Path) -> None:
    with WebsiteServer(certificate=self_signed_certificate(tmp_path)) as site:
        site.put("/", "Welcome")

        assert await _fault(client, site.url) is FetchFault.NO_CONNECTION
        assert not site.requests


def self_signed_certificate(folder: Path) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate for 127.0.0.1 that it signed itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site")])
    begin = datetime.now(UTC) - timedelta(days=1)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=9))
    signed = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "site.pem").write_bytes(signed.public_bytes(pem) + text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    return context
