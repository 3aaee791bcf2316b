"""Which pages may show an assistant: what owners write, and what browsers and impostors send."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resolvers.workspaces.origins import Origin, is_allowed, normalised_domain

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
        ("example.com", "http://example.com:8080"),
        ("Example.COM", "https://EXAMPLE.com"),
        (" https://example.com/ ", "https://example.com"),
        ("https://example.com/shop?item=1", "https://example.com"),
        ("example.com.", "https://example.com"),
        ("example.com", "https://example.com."),
        ("example.com.:8080", "http://example.com.:8080"),
        ("example.com:443", "https://example.com"),
        ("example.com:80", "http://example.com"),
        ("*.example.com", "https://shop.example.com"),
        ("*.example.com", "https://a.b.example.com:8443"),
        ("my_shop.example.com", "https://my_shop.example.com"),
        ("bücher.example", "https://xn--bcher-kva.example"),
        ("BÜCHER.example", "https://xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("straße.example", "https://xn--strae-oqa.example"),
        ("*.bücher.example:8443", "https://neu.xn--bcher-kva.example:8443"),
        ("例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("localhost:3000", "http://localhost:3000"),
        ("192.168.0.7", "http://192.168.0.7:5173"),
        ("[::1]:3000", "http://[::1]:3000"),
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
        ("example.com:443", "http://example.com"),
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
def test_a_host_is_allowed_by_its_own_name_and_by_its_parent_s_wildcard_alone(
    host: str, port: int | None, other: str, scheme: str, dot: str
) -> None:
    sent = f"{scheme}://{host}{dot}" + (f":{port}" if port else "")

    assert _allows(host, sent)
    assert _allows(host.upper() + dot, sent.upper())
    assert _allows(f"{host}:{port or {'http': 80, 'https': 443}[scheme]}", sent)
    assert _allows(f"*.{other}", f"{scheme}://{host}.{other}")
    assume(other != host)
    assert not _allows(other, sent)
    assert not _allows(f"*.{host}", sent)


@given(st.text() | st.from_regex(r"https?://[^/]*", fullmatch=True))
def test_anything_may_be_sent_and_what_is_read_is_written_the_same_way_again(text: str) -> None:
    origin = Origin.of(text)

    assert origin is None or Origin.of(str(origin)) == origin


@given(st.text())
def test_anything_may_be_written_and_what_is_kept_stays_as_it_is(text: str) -> None:
    domain = normalised_domain(text)

    assert domain is None or normalised_domain(domain) == domain
