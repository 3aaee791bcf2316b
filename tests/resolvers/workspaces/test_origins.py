"""Which pages may show an assistant: what owners write, and what browsers and impostors send."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resolvers.workspaces.origins import Origin, entry_for, is_allowed, normalised_domain

OWN_HOST = "chat.example.net:8000"


def _allows(written: str, sent: str) -> bool:
    """Tell whether a domain, as its owner wrote it, allows an origin, as a browser sent it."""
    domain = normalised_domain(written)
    assert domain is not None, f"{written} is refused"
    origin = Origin.of(sent)
    return origin is not None and is_allowed(origin, [domain], OWN_HOST)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("example.com", "https://example.com"),
        ("http://example.com:8080", "http://example.com:8080"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://example.com", "http://example.com"),
        ("http://*.example.com:8080", "http://shop.example.com:8080"),
        ("example.com:8443", "https://example.com:8443"),
        ("HTTP://Example.com:8080/page", "http://example.com:8080"),
        ("Example.COM", "https://EXAMPLE.com"),
        (" https://example.com/ ", "https://example.com"),
        ("https://example.com/shop?item=1", "https://example.com"),
        ("example.com.", "https://example.com"),
        ("example.com", "https://example.com."),
        ("http://example.com.:8080", "http://example.com.:8080"),
        ("example.com:443", "https://example.com"),
        ("example.com:80", "http://example.com"),
        ("*.example.com", "https://shop.example.com"),
        ("*.example.com", "https://a.b.example.com"),
        ("my_shop.example.com", "https://my_shop.example.com"),
        ("bücher.example", "https://xn--bcher-kva.example"),
        ("BÜCHER.example", "https://xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("straße.example", "https://xn--strae-oqa.example"),
        ("*.bücher.example:8443", "https://neu.xn--bcher-kva.example:8443"),
        ("例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("localhost:3000", "http://localhost:3000"),
        ("localhost:3000", "https://localhost:3000"),
        ("localhost", "http://localhost:5173"),
        ("localhost", "https://localhost"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("shop.localhost", "http://shop.localhost:8080"),
        ("*.localhost:3000", "http://shop.localhost:3000"),
        ("127.0.0.1", "http://127.0.0.1:5173"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("http://192.168.0.7:5173", "http://192.168.0.7:5173"),
        ("elsewhere.example", "http://chat.example.net:8000"),
    ],
)
def test_a_listed_site_is_recognised_however_it_is_written(written: str, sent: str) -> None:
    assert _allows(written, sent)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("example.com", "https://example.org"),
        ("example.com", "https://shop.example.com"),
        ("example.com", "https://example.com.evil.net"),
        ("example.com", "https://evilexample.com"),
        ("example.com", "https://example.com@evil.net"),
        ("example.com", "https://evil.net/?example.com"),
        ("example.com", "https://evil.net https://example.com"),
        ("example.com", "https://example.com/"),
        ("example.com", "https://example.com.."),
        ("example.com", "https://example.com:"),
        ("example.com", "https://example.com:99999"),
        ("example.com", "https://еxample.com"),  # a Cyrillic letter
        ("example.com", "ftp://example.com"),
        ("example.com", "file://example.com"),
        ("example.com", "chrome-extension://example.com"),
        ("example.com", "example.com"),
        ("example.com", "null"),
        ("example.com", ""),
        ("example.com", "http://example.com"),
        ("example.com", "https://example.com:8443"),
        ("example.com", "http://example.com:443"),
        ("example.com:443", "http://example.com"),
        ("example.com:8443", "http://example.com:8443"),
        ("example.com:80", "https://example.com"),
        ("http://example.com", "https://example.com"),
        ("http://example.com:8080", "http://example.com"),
        ("*.example.com", "http://shop.example.com"),
        ("*.example.com", "https://shop.example.com:8443"),
        ("http://localhost:5173", "https://localhost:5173"),
        ("http://localhost:5173", "http://localhost:5174"),
        ("https://localhost", "http://localhost"),
        ("192.168.0.7", "http://192.168.0.7:5173"),
        ("127.0.0.1", "http://127.0.0.1.evil.net"),
        ("localhost", "http://localhost.evil.net"),
        ("localhost", "http://evillocalhost"),
        ("*.example.com", "https://example.com"),
        ("*.example.com", "https://evilexample.com"),
        ("localhost:3000", "http://localhost:3001"),
        ("elsewhere.example", "http://chat.example.net"),
        ("elsewhere.example", "http://chat.example.net:8001"),
        ("elsewhere.example", "http://chat.example.net.evil.net:8000"),
    ],
)
def test_a_site_that_only_resembles_a_listed_one_is_refused(written: str, sent: str) -> None:
    assert not _allows(written, sent)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        ".",
        "*",
        "*.",
        "*.*.com",
        "a..com",
        "-a.com",
        "a b.com",
        "a.com/b",
        "a.com:0x1",
        "a.com:70000",
        "a.com:0",
        "ftp://a.com",
        "://a.com",
        "https://",
        "https://http://a.com",
        "u@a.com",
    ],
)
def test_what_is_no_domain_is_refused(written: str) -> None:
    assert normalised_domain(written) is None


_labels = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
_hosts = st.lists(_labels, min_size=1, max_size=4).map(".".join)
_schemes = st.sampled_from(["http", "https"])
_ports = st.none() | st.integers(1, 65_535)


@given(host=_hosts, port=_ports, other=_hosts, scheme=_schemes, dot=st.sampled_from(["", "."]))
def test_an_entry_allows_one_origin_and_a_wildcard_those_of_its_sub_domains(
    host: str, port: int | None, other: str, scheme: str, dot: str
) -> None:
    suffix = f":{port}" if port else ""
    sent = f"{scheme}://{host}{dot}{suffix}"

    assert _allows(f"{scheme}://{host}{suffix}", sent)
    assert _allows(f"{scheme}://{host.upper()}{dot}{suffix}", sent.upper())
    assert _allows(f"{scheme}://*.{other}{suffix}", f"{scheme}://{host}.{other}{suffix}")
    assert _allows(host, sent) == (scheme == "https" and port in {None, 443})
    assume(other != host)
    assert not _allows(f"{scheme}://{other}{suffix}", sent)
    assert not _allows(f"{scheme}://*.{host}{suffix}", sent)


@given(host=_hosts, port=_ports, scheme=_schemes)
def test_the_entry_that_is_proposed_for_a_site_allows_it(host: str, port: int | None, scheme: str) -> None:
    origin = Origin.of(f"{scheme}://{host}" + (f":{port}" if port else ""))
    assert origin is not None

    proposed = entry_for(origin)

    assert normalised_domain(proposed) == proposed
    assert is_allowed(origin, [proposed], None)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://example.com/", "example.com"),
        ("example.com:443", "example.com"),
        ("example.com:80", "http://example.com"),
        ("http://example.com:80/shop", "http://example.com"),
        ("example.com:8443", "https://example.com:8443"),
        ("http://localhost:5173/", "http://localhost:5173"),
        ("https://localhost", "https://localhost"),
        ("localhost:3000", "localhost:3000"),
        ("LOCALHOST", "localhost"),
    ],
)
def test_an_entry_is_kept_in_one_form(written: str, kept: str) -> None:
    assert normalised_domain(written) == kept


@pytest.mark.parametrize(
    ("kept_before", "sent", "is_allowed_now"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "http://example.com", False),
        ("example.com:8443", "https://example.com:8443", True),
        ("example.com:80", "http://example.com", True),
        ("localhost", "http://localhost:3000", True),
        ("localhost:3000", "http://localhost:3000", True),
    ],
)
def test_an_entry_of_an_earlier_version_is_read_as_it_would_be_today(
    kept_before: str, sent: str, is_allowed_now: bool
) -> None:
    origin = Origin.of(sent)
    assert origin is not None

    assert is_allowed(origin, [kept_before], OWN_HOST) == is_allowed_now


@given(st.text() | st.from_regex(r"https?://[^/]*", fullmatch=True))
def test_anything_may_be_sent_and_what_is_read_is_written_the_same_way_again(text: str) -> None:
    origin = Origin.of(text)

    assert origin is None or Origin.of(str(origin)) == origin


@given(st.text())
def test_anything_may_be_written_and_what_is_kept_stays_as_it_is(text: str) -> None:
    domain = normalised_domain(text)

    assert domain is None or normalised_domain(domain) == domain
