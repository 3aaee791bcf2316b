"""Tokens: signed by one secret, read by those before it too, and good for one purpose."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.security.tokens import InvalidToken, StaffClaims, Tokens, VisitorClaims

OLD = "the old secret, of at least thirty-two bytes"
NEW = "the new secret, of at least thirty-two bytes"
STAFF = StaffClaims(uuid4(), uuid4())
VISITOR = VisitorClaims("somebody", uuid4(), "https://example.com")
HOUR = timedelta(hours=1)


def test_what_the_secret_before_signed_is_read() -> None:
    staff, visitor = Tokens(OLD).for_staff(STAFF, HOUR), Tokens(OLD).for_visitor(VISITOR, HOUR)
    device = Tokens(OLD).for_device(STAFF.user_id, "salt")

    tokens = Tokens(NEW, ["one before that, also of thirty-two bytes", OLD])

    assert tokens.read(staff) == STAFF
    assert tokens.read(visitor) == tokens.returning_visitor(visitor) == VISITOR
    assert tokens.expires_at(staff) == Tokens(OLD).expires_at(staff)
    assert tokens.is_device_of(device, STAFF.user_id, "salt")


def test_the_secret_before_signs_no_more() -> None:
    token = Tokens(NEW, [OLD]).for_staff(STAFF, HOUR)

    assert Tokens(NEW).read(token) == STAFF
    with pytest.raises(InvalidToken):
        Tokens(OLD).read(token)


def test_a_secret_taken_away_is_forgotten() -> None:
    token = Tokens(OLD).for_staff(STAFF, HOUR)

    with pytest.raises(InvalidToken, match="invalid"):
        Tokens(NEW).read(token)


def test_an_expired_token_of_the_secret_before_says_that_it_has_expired() -> None:
    token = Tokens(OLD).for_staff(STAFF, timedelta(seconds=-1))

    with pytest.raises(InvalidToken, match="expired"):
        Tokens(NEW, [OLD]).read(token)


def test_a_token_is_good_for_its_purpose_alone() -> None:
    tokens = Tokens(NEW)
    device = tokens.for_device(STAFF.user_id, "salt")

    with pytest.raises(InvalidToken):
        tokens.read(device)
    assert tokens.returning_visitor(device) is None
    for other in (tokens.for_staff(STAFF, HOUR), tokens.for_visitor(VISITOR, HOUR)):
        assert not tokens.is_device_of(other, STAFF.user_id, "salt")


def test_a_device_is_known_to_one_account_with_one_password() -> None:
    tokens = Tokens(NEW)
    device = tokens.for_device(STAFF.user_id, "salt")

    assert not tokens.is_device_of(device, uuid4(), "salt")
    assert not tokens.is_device_of(device, STAFF.user_id, "another salt")


@given(st.text())
def test_any_other_text_is_no_token(text: str) -> None:
    tokens = Tokens(NEW, [OLD])

    with pytest.raises(InvalidToken):
        tokens.read(text)
    assert tokens.returning_visitor(text) is None
    assert tokens.expires_at(text) is None
    assert not tokens.is_device_of(text, STAFF.user_id, "salt")
