"""The table of rates, what an operator may write instead, and for whom an address stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rate_limits import MAX_USES, parsed
from resolvers.context import Client
from resolvers.rates import RATES


def test_every_rate_has_a_name_of_its_own_a_number_that_can_be_read_and_a_reason() -> None:
    assert len({rate.name for rate in RATES}) == len(RATES)
    for rate in RATES:
        assert parsed(rate.default)
        assert rate.what
        assert rate.why


@pytest.mark.parametrize(
    ("text", "uses", "seconds"),
    [("10/minute", 10, 60), (" 1 per second ", 1, 1), ("100/2hours", 100, 7_200), ("5000/day", 5_000, 86_400)],
)
def test_a_rate_is_written_in_the_library_s_notation(text: str, uses: int, seconds: int) -> None:
    rate = parsed(text)

    assert rate is not None
    assert (rate.amount, rate.get_expiry()) == (uses, seconds)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_limit(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    "text", ["10", "ten/minute", "10/fortnight", "0/minute", "-1/minute", "10/second;100/hour", "1/year", "99999/day"]
)
def test_what_is_no_rate_or_has_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a rate is|number per time"):
        parsed(text)


@given(st.text(max_size=40))
def test_any_text_is_a_bounded_rate_or_refused(text: str) -> None:
    try:
        rate = parsed(text)
    except ValueError:
        return
    assert rate is None or 1 <= rate.amount <= MAX_USES


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("localhost", "localhost"),
        (None, None),
    ],
)
def test_an_address_stands_for_its_subscriber(address: str | None, network: str | None) -> None:
    assert Client(ip_address=address).network == network
