"""The command line, as an operator types it."""

from pathlib import Path

import pytest

from tests.support.people import GARDEN
from tests.support.server import Server, monitora


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a data folder with the sample workspace."""
    environment = {"MONITORA_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    made = monitora(environment, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    return environment


def test_help_teaches(tmp_path: Path) -> None:
    shown = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "--help")

    assert shown.returncode == 0
    for command in ("serve", "migrate", "demo", "create-user", "ingest", "ask", "eval", "export-schema", "settings"):
        assert command in shown.stdout
    assert "monitora demo" in shown.stdout


def test_settings_are_listed_with_their_variables(tmp_path: Path) -> None:
    shown = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "settings")

    for variable in (
        "MONITORA_DATABASE_URL",
        "MONITORA_DATA_DIR",
        "MONITORA_SECRET_KEY",
        "MONITORA_REDIS_URL",
        "MISTRAL_API_KEY",
        "MISTRAL_SERVER_URL",
    ):
        assert variable in shown.stdout


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MONITORA_PORT", "eighty"),
        ("MONITORA_PORT", "70000"),
        ("MONITORA_DATABASE_URL", "postgresql://x/y"),
        ("MONITORA_DATABASE_URL", "nonsense"),
        ("MONITORA_SECRET_KEY", "short"),
        ("MONITORA_SECRET_KEY_PREVIOUS", "of thirty-two characters or more,short"),
        ("MONITORA_ENCRYPTION_KEY", "short"),
        ("MONITORA_ALLOWED_NETWORKS", "10.1.0.0/16,nonsense"),
        ("MONITORA_LOG_LEVEL", "loud"),
        ("MONITORA_CACHE_HOURS", "-1"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(tmp_path: Path, variable: str, value: str) -> None:
    refused = monitora({"MONITORA_DATA_DIR": str(tmp_path), variable: value}, "serve")

    assert refused.returncode == 1
    assert variable in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr


def test_a_secret_that_is_wrong_is_not_shown(tmp_path: Path) -> None:
    refused = monitora({"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_SECRET_KEY": "tooshortsecret"}, "serve")

    assert "tooshortsecret" not in refused.stderr


def test_a_second_demo_keeps_what_is_there(prepared: dict[str, str]) -> None:
    first = monitora(prepared, "demo", "--prepare-only")
    second = monitora(prepared, "demo", "--prepare-only")

    assert first.stdout == second.stdout, "the same account, password and addresses"


def test_migrating_twice_does_nothing_the_second_time(tmp_path: Path) -> None:
    environment = {"MONITORA_DATA_DIR": str(tmp_path)}

    first, second = monitora(environment, "migrate"), monitora(environment, "migrate")

    assert "created" in first.stdout
    assert "Nothing to do" in second.stdout


def test_files_are_ingested_and_asked_about(prepared: dict[str, str], tmp_path: Path) -> None:
    garden, tool = tmp_path / "garden.md", tmp_path / "tool.exe"
    garden.write_text(GARDEN, encoding="utf-8")
    tool.write_bytes(b"MZ\x00\x01")

    added = monitora(prepared, "ingest", "Monitora guide", str(garden), str(tool))
    asked = monitora(prepared, "ask", "Monitora guide", "When does the garden centre open?")

    assert "garden.md" in added.stdout
    assert added.returncode == 1
    assert "tool.exe" in added.stderr
    assert "nine in the morning" in asked.stdout, asked.stderr
    assert "[1] garden.md" in asked.stdout


def test_asking_a_workspace_that_is_not_there_says_so(prepared: dict[str, str]) -> None:
    asked = monitora(prepared, "ask", "Nowhere", "?")

    assert asked.returncode == 1
    assert "Nowhere" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_an_account_is_made_once(prepared: dict[str, str]) -> None:
    made = monitora(prepared, "create-user", "reader@example.com", "--role", "lecteur", given="correct horse battery\n")
    again = monitora(prepared, "create-user", "reader@example.com", given="correct horse battery\n")
    generated = monitora(prepared, "create-user", "other@example.com", "--generate")
    weak = monitora(prepared, "create-user", "weak@example.com", given="weak@example.com\n")

    assert made.returncode == 0, made.stderr
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert "Password: " in generated.stdout
    assert weak.returncode == 1
    assert "too easy to guess" in weak.stderr


def test_a_forgotten_password_is_replaced(prepared: dict[str, str]) -> None:
    monitora(prepared, "create-user", "forgetful@example.com", given="correct horse battery\n")

    done = monitora(prepared, "set-password", "forgetful@example.com", given="four unrelated words indeed\n")
    weak = monitora(prepared, "set-password", "forgetful@example.com", given="forgetful1234\n")
    nobody = monitora(prepared, "set-password", "nobody@example.com", "--generate")

    assert done.returncode == 0, done.stderr
    assert weak.returncode == 1
    assert "too easy to guess" in weak.stderr
    assert nobody.returncode == 1
    assert "no account with this e-mail" in nobody.stderr
    assert "Password: " not in nobody.stdout


def test_secrets_are_encrypted_anew(prepared: dict[str, str]) -> None:
    done = monitora(prepared, "rotate-secrets")

    assert done.returncode == 0, done.stderr
    assert "Encrypted 0 passwords" in done.stdout


def test_the_graph_is_exported(server: Server) -> None:
    committed = (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")

    assert server.run("export-schema").stdout.strip() == committed.strip()


def test_retrieval_is_measured_on_a_file(prepared: dict[str, str], tmp_path: Path) -> None:
    questions = tmp_path / "questions.json"
    questions.write_text(
        '{"paragraphs": [{"id": 0, "title": "Garden", "text": "The garden opens at nine in the morning."}],'
        '"questions": [{"q": "When does the garden open?", "pid": 0, "answers": ["at nine"]}],'
        '"unanswerable": ["Who won the chess championship?"]}',
        encoding="utf-8",
    )

    measured = monitora(prepared, "eval", str(questions))

    assert measured.returncode == 0, measured.stderr
    assert "recall@1" in measured.stdout.lower() or "R@1" in measured.stdout
