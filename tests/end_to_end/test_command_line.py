"""The command line, as an operator types it."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.mistral_server import Failure, MistralServer
from tests.support.people import GARDEN
from tests.support.server import COMMAND, Server, monitora, running
from tests.support.waiting import HANG_SECONDS

QUESTIONS = (
    '{"paragraphs": [{"id": 0, "title": "Garden", "text": "The garden opens at nine in the morning."}],'
    '"questions": [{"q": "When does the garden open?", "pid": %s, "answers": ["at nine"]}],'
    '"unanswerable": ["Who won the chess championship?"]}'
)


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
        ("MONITORA_PROT", "8000"),
        ("MONITORA_REDIS_URL", "localhost:6379"),
        ("MONITORA_PUBLIC_URL", "chat.example.com"),
        ("MISTRAL_SERVER_URL", "127.0.0.1:8080"),
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


def test_settings_are_listed_also_when_one_of_them_is_wrong(tmp_path: Path) -> None:
    shown = monitora({"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_PROT": "8001"}, "settings")

    assert shown.returncode == 1
    assert "MONITORA_PORT" in shown.stdout
    assert "did you mean MONITORA_PORT?" in shown.stderr


def said(environment: dict[str, str], *arguments: str) -> str:
    """Run a command that must fail with one sentence, and return the sentence."""
    refused = monitora(environment, *arguments)

    assert refused.returncode == 1, refused.stderr
    assert refused.stderr.startswith("Error: ")
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    return refused.stderr.removeprefix("Error: ").strip()


NEED_THE_DATABASE = [
    ("migrate",),
    ("demo", "--port", "0"),
    ("serve", "--port", "0"),
    ("clean-up",),
    ("create-user", "a@example.com", "--generate"),
    ("ask", "Monitora guide", "?"),
    ("ingest", "Monitora guide", "file"),
]


@pytest.mark.parametrize("arguments", NEED_THE_DATABASE, ids=" ".join)
def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.touch()

    assert said({"MONITORA_DATA_DIR": str(file)}, *arguments) == f"MONITORA_DATA_DIR: {file} is a file: name a folder."


@pytest.mark.parametrize("arguments", NEED_THE_DATABASE, ids=" ".join)
def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "monitora.db").mkdir()

    sentence = said({"MONITORA_DATA_DIR": str(tmp_path)}, *arguments)

    assert sentence.startswith("The database cannot be used: unable to open database file. Check MONITORA_DATABASE_URL")


@pytest.mark.parametrize("arguments", NEED_THE_DATABASE[3:], ids=" ".join)
def test_a_database_that_was_not_migrated_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    sentence = said({"MONITORA_DATA_DIR": str(tmp_path)}, *arguments)

    assert sentence == "The database has no tables yet: run `monitora migrate`."


@contextmanager
def taken_port(host: str) -> Iterator[int]:
    """Hold a port of an address."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "command", "workers"),
    [("127.0.0.1", "serve", "1"), ("::1", "serve", "2"), ("127.0.0.1", "demo", "2"), ("::1", "demo", "1")],
)
def test_a_taken_port_is_one_sentence_with_the_setting_that_helps(
    tmp_path: Path, host: str, command: str, workers: str
) -> None:
    several = {"MONITORA_WORKERS": workers, "MONITORA_REDIS_URL": "redis://127.0.0.1:1"}
    with taken_port(host) as port:
        chosen = {"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_HOST": host, "MONITORA_PORT": str(port), **several}
        by_variable = said(chosen, command)
        by_option = said(chosen, command, "--port", str(port))

    assert re.fullmatch(rf"Port {port} is taken: MONITORA_PORT=\d+ monitora {command}", by_variable)
    assert re.fullmatch(rf"Port {port} is taken: monitora {command} --port \d+", by_option)
    assert not list(tmp_path.iterdir()), "the port is asked for before anything is made"


def test_a_taken_port_of_make_run_is_told_with_make_run(tmp_path: Path) -> None:
    with taken_port("127.0.0.1") as port:
        chosen = {"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_PORT": str(port), "MAKELEVEL": "1"}

        assert re.fullmatch(rf"Port {port} is taken: MONITORA_PORT=\d+ make run", said(chosen, "demo"))


@pytest.mark.parametrize(
    ("host", "opened", "command", "before", "workers"),
    [
        ("127.0.0.1", "127.0.0.1", "serve", "address=", "2"),
        ("::1", "[::1]", "serve", "address=", "1"),
        ("0.0.0.0", "127.0.0.1", "demo", "Demo page ", "1"),
        ("::1", "[::1]", "demo", "Demo page ", "2"),
    ],
)
def test_the_address_is_told_once_a_client_may_connect_to_it(
    tmp_path: Path, redis_url: str, host: str, opened: str, command: str, before: str, workers: str
) -> None:
    """The first address that is printed is asked at once, and not again."""
    chosen = {"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_HOST": host, "MONITORA_PORT": "0"}
    several = {"MONITORA_WORKERS": workers, "MONITORA_REDIS_URL": redis_url}
    assert monitora(chosen, "migrate").returncode == 0
    with subprocess.Popen(
        [COMMAND, command], env=chosen | several, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        told = (re.search(rf"{before}\s*http://{re.escape(opened)}:(\d+)", line) for line in process.stdout)
        port = next((found[1] for found in told if found), None)
        assert port, "the address is told"
        with urlopen(f"http://{opened}:{port}/healthz", timeout=HANG_SECONDS) as health:
            assert health.read() == b"ok"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=HANG_SECONDS)


def test_a_server_on_a_database_that_was_not_migrated_says_what_to_run(tmp_path: Path) -> None:
    with running(tmp_path):
        log = (tmp_path / "server.log").read_text()

    assert "database_not_ready" in log
    assert "run `monitora migrate`" in log


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


def test_only_the_sources_that_an_answer_cites_are_listed(prepared: dict[str, str]) -> None:
    """The sample workspace has more passages about any question than one answer cites."""
    asked = monitora(prepared, "ask", "Monitora guide", "How large can a file be?")

    lines = asked.stdout.splitlines()
    listed = [line.split(" ")[0] for line in lines if re.match(r"\[\d+\] ", line)]
    cited = set(re.findall(r"\[\d+\]", "\n".join(line for line in lines if not re.match(r"\[\d+\] ", line))))
    assert listed
    assert set(listed) == cited, asked.stdout


def test_what_is_no_file_is_told_and_the_others_are_ingested(prepared: dict[str, str], tmp_path: Path) -> None:
    garden, folder, missing, pipe = (tmp_path / name for name in ("garden.md", "folder", "missing.md", "pipe.md"))
    garden.write_text(GARDEN, encoding="utf-8")
    folder.mkdir()
    os.mkfifo(pipe)

    added = monitora(prepared, "ingest", "Monitora guide", *map(str, (folder, missing, pipe, garden)))

    assert added.returncode == 1
    assert added.stderr.splitlines() == [
        f"✗ {folder}: This folder holds no file.",
        f"✗ {missing}: There is no such file.",
        f"✗ {pipe}: This is not a file.",
        "Error: 3 of 4 files could not be indexed.",
    ]
    assert "garden.md" in added.stdout


def test_a_disk_that_refuses_a_file_is_told(prepared: dict[str, str], tmp_path: Path) -> None:
    garden, data = tmp_path / "garden.md", tmp_path / "data"
    garden.write_text(f"{GARDEN}\nAnother season.", encoding="utf-8")
    shutil.copytree(prepared["MONITORA_DATA_DIR"], data)
    shutil.rmtree(data / "files")
    (data / "files").touch()

    refused = monitora({"MONITORA_DATA_DIR": str(data)}, "ingest", "Monitora guide", str(garden))

    assert refused.returncode == 1
    assert f"✗ {garden}: It cannot be read or stored: " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_ingesting_into_a_workspace_that_is_not_there_says_so(prepared: dict[str, str], tmp_path: Path) -> None:
    assert said(prepared, "ingest", "Nowhere", str(tmp_path)).startswith("There is no workspace called 'Nowhere'")


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
    questions.write_text(QUESTIONS % 0, encoding="utf-8")

    measured = monitora(prepared, "eval", str(questions))

    assert measured.returncode == 0, measured.stderr
    assert "recall@1" in measured.stdout.lower() or "R@1" in measured.stdout


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nonsense", "the file: Invalid JSON"),
        (b"", "the file: Invalid JSON"),
        (b"\xff\xfe", "the file: Invalid JSON"),
        (b"[" * 100_000, "the file: Invalid JSON: recursion limit exceeded"),
        (b"[]", "the file: Input should be an object"),
        (b"{}", "paragraphs: Field required"),
        ((QUESTIONS % 7).encode(), "questions.0.pid: no paragraph has the id 7"),
    ],
)
def test_a_file_that_cannot_be_measured_is_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    questions = tmp_path / "questions.json"
    questions.write_bytes(content)

    assert said({}, "eval", str(questions)).startswith(f"{questions}, {reason}")


def test_a_file_too_large_to_be_measured_is_one_sentence(tmp_path: Path) -> None:
    questions = tmp_path / "questions.json"
    with questions.open("wb") as file:
        file.truncate(300_000_000)

    assert said({}, "eval", str(questions)).startswith(f"{questions} is larger than 200,000,000 bytes")


def test_what_is_no_file_of_questions_is_one_sentence(tmp_path: Path) -> None:
    assert said({}, "eval", str(tmp_path)) == f"{tmp_path}: This is a folder: name the files in it."
    assert said({}, "eval", str(tmp_path / "none")) == f"{tmp_path / 'none'}: There is no such file."
    assert said({}, "eval", "/dev/zero") == "/dev/zero: This is not a file."


def test_a_model_that_refuses_while_it_is_measured_is_one_sentence_after_its_reason(
    tmp_path: Path, mistral_server: MistralServer
) -> None:
    questions = tmp_path / "questions.json"
    questions.write_text(QUESTIONS % 0, encoding="utf-8")
    mistral_server.behave(Failure(401))

    ended = monitora({"MISTRAL_SERVER_URL": mistral_server.url}, "eval", str(questions))

    logged, sentence = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert "model_refused" in logged
    assert sentence == (
        "Error: The article 'Garden' could not be indexed: The model's server refused the API key. "
        "Check MISTRAL_API_KEY."
    )
