"""Which keys sign and encrypt, and which are still read."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from monitora.settings.settings import Settings

SIGNING = "the present signing key, of thirty-two bytes or more"
SIGNED, BEFORE = "the-earlier-signing-key-of-thirty-two-bytes", "the-first-signing-key-of-thirty-two-bytes"
ENCRYPTING = "the present encryption key, of thirty-two bytes or more"
ENCRYPTED = "the-earlier-encryption-key-of-thirty-two-bytes"


def _settings(folder: Path, **values: Any) -> Settings:
    return Settings(data_dir=folder, **values)


def test_a_key_of_one_s_own_is_made_once_and_is_all_there_is(tmp_path: Path) -> None:
    made = _settings(tmp_path).signing_keys()

    assert len(made) == 1
    assert _settings(tmp_path).signing_keys() == _settings(tmp_path).encryption_keys() == made


def test_the_present_keys_come_first_and_each_earlier_one_is_read(tmp_path: Path) -> None:
    signing = {"secret_key": SIGNING, "secret_key_previous": f"{SIGNED}, {BEFORE}"}

    assert _settings(tmp_path, **signing).signing_keys() == [SIGNING, SIGNED, BEFORE]
    both = _settings(tmp_path, **signing, encryption_key=ENCRYPTING, encryption_key_previous=ENCRYPTED)
    assert both.encryption_keys() == [ENCRYPTING, ENCRYPTED, SIGNING, SIGNED, BEFORE]


def test_where_there_is_no_encryption_key_any_more_the_signing_key_encrypts(tmp_path: Path) -> None:
    back = _settings(tmp_path, secret_key=SIGNING, encryption_key_previous=ENCRYPTED)

    assert back.encryption_keys() == [SIGNING, ENCRYPTED]


@pytest.mark.parametrize("text", ["10.1.0.0/16,fd12:3456::/32", " 10.1.0.0/16  fd12:3456::/32 "])
def test_networks_are_written_with_commas_or_spaces(tmp_path: Path, text: str) -> None:
    expected = [ip_network("10.1.0.0/16"), ip_network("fd12:3456::/32")]

    assert _settings(tmp_path, allowed_networks=text).networks() == expected
