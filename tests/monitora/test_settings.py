"""What an operator is told of a setting that cannot be used: one line that names the variable and what to write."""

import pytest

from monitora.settings.settings import InvalidSettings, Settings, described, load_settings


def refusal(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> str:
    """Load the settings with one variable, and return what is said of it."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    text = str(refused.value)
    assert len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("MONITORA_PROT", "MONITORA_PORT"),
        ("MONITORA_DATABASE", "MONITORA_DATABASE_URL"),
        ("MONITORA_ALLOWED_NETWORK", "MONITORA_ALLOWED_NETWORKS"),
        ("MONITORA_RATE_LOGIN_PER_ADRESS", "MONITORA_RATE_LOGIN_PER_ADDRESS"),
        ("monitora_prot", "MONITORA_PORT"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    said = refusal(monkeypatch, written, "1")

    assert said == f"{written} is not a setting: did you mean {meant}? `monitora settings` lists them."


def test_a_variable_like_no_other_is_refused_without_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, "MONITORA_XYZZY", "")

    assert said == "MONITORA_XYZZY is not a setting. `monitora settings` lists them."


def test_variables_of_the_tests_and_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MONITORA_TEST_ANYTHING", "MISTRAL_ANYTHING", "MONITORAX"):
        monkeypatch.setenv(variable, "1")

    assert load_settings().port == 8000


def test_every_variable_that_is_listed_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, _, _ in described():
        monkeypatch.setenv(variable, "")

    assert load_settings() == Settings(rates={})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MISTRAL_SERVER_URL", "127.0.0.1:8080"),
        ("MISTRAL_SERVER_URL", "ftp://127.0.0.1"),
        ("MISTRAL_SERVER_URL", "http://"),
        ("MISTRAL_SERVER_URL", "http://[::1"),
        ("MISTRAL_SERVER_URL", "http://two words"),
        ("MONITORA_PUBLIC_URL", "chat.example.com"),
        ("MONITORA_PUBLIC_URL", "https://chat.example.com:99999"),
        ("MONITORA_REDIS_URL", "localhost:6379"),
        ("MONITORA_REDIS_URL", "http://localhost:6379"),
        ("MONITORA_REDIS_URL", "unix://"),
    ],
)
def test_an_address_that_is_none_is_refused_with_one_to_copy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    said = refusal(monkeypatch, variable, value)

    assert said.startswith(f"{variable}: write a whole URL that begins with ")
    assert ", such as " in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MISTRAL_SERVER_URL", "http://127.0.0.1:8080/v1"),
        ("MISTRAL_SERVER_URL", "https://[2001:db8::1]:8443"),
        ("MONITORA_PUBLIC_URL", "https://chat.example.com/assistant/"),
        ("MONITORA_REDIS_URL", "rediss://:secret@redis.example.com:6380/0"),
        ("MONITORA_REDIS_URL", "unix:///run/redis.sock?db=1"),
    ],
)
def test_an_address_that_can_be_used_is_kept_as_it_is(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    loaded = load_settings()

    assert value in {loaded.mistral_server_url, loaded.public_url, loaded.redis_url}


@pytest.mark.parametrize("variable", ["MISTRAL_SERVER_URL", "MONITORA_PUBLIC_URL", "MONITORA_REDIS_URL"])
def test_a_password_in_an_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert "hidden" not in refusal(monkeypatch, variable, "htp://me:hidden@127.0.0.1")
    assert "hidden" not in refusal(monkeypatch, variable, "htp://127.0.0.1/?key=hidden")
