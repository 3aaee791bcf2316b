"""Secrets that must be read again: encrypted with one key, read with those before it too, each in its own row."""

import base64
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.security.encryption import ENCRYPTION_FORMAT, Encryption, Undecryptable
from resolvers.databases import MAX_PASSWORD_BYTES

OLD = "the old key, of at least thirty-two bytes"
NEW = "the new key, of at least thirty-two bytes"
ROW = uuid4()


@given(st.binary(max_size=MAX_PASSWORD_BYTES))
def test_a_secret_is_read_again_and_fits_its_column(secret: bytes) -> None:
    text = Encryption([NEW]).encrypt(secret, ROW)

    assert Encryption([NEW]).decrypt(text, ROW) == secret
    assert len(text) <= 500


def test_a_secret_is_never_written_the_same_way_twice() -> None:
    encryption = Encryption([NEW])

    assert encryption.encrypt(b"secret", ROW) != encryption.encrypt(b"secret", ROW)


def test_an_earlier_key_reads_and_does_not_write() -> None:
    both = Encryption([NEW, OLD])

    assert both.decrypt(Encryption([OLD]).encrypt(b"secret", ROW), ROW) == b"secret"
    with pytest.raises(Undecryptable):
        Encryption([OLD]).decrypt(both.encrypt(b"secret", ROW), ROW)


def test_a_secret_does_not_open_in_another_row() -> None:
    encryption = Encryption([NEW])

    with pytest.raises(Undecryptable):
        encryption.decrypt(encryption.encrypt(b"secret", ROW), uuid4())


@given(st.integers(min_value=0, max_value=8 * 40 - 1))
def test_a_secret_with_any_bit_changed_does_not_open(bit: int) -> None:
    encryption = Encryption([NEW, OLD])
    sealed = bytearray(base64.urlsafe_b64decode(encryption.encrypt(b"twelve bytes", ROW)[len(ENCRYPTION_FORMAT) :]))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Undecryptable):
        encryption.decrypt(ENCRYPTION_FORMAT + base64.urlsafe_b64encode(sealed).decode(), ROW)


@given(st.text())
def test_any_other_text_does_not_open(text: str) -> None:
    with pytest.raises(Undecryptable):
        Encryption([NEW]).decrypt(text, ROW)
