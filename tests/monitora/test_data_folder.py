"""The data folder: the server's own account alone can read it, and what is not the server's stays as it is."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from data.engine import Database
from data.migrations import migrate
from monitora.settings.settings import InvalidSettings, Settings
from rag.sources.storage import FileStorage
from tests.support.server import monitora

NOBODY = 65_534


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): _mode(path) for path in [folder, *sorted(folder.rglob("*"))]}


def _readable_by_others(folder: Path) -> list[str]:
    return [name for name, mode in _modes(folder).items() if mode & 0o077]


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask 0", "umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


async def _fill(folder: Path) -> None:
    """Make what the server makes: a key, a database that is open and has been written to, and a document."""
    settings = Settings(data_dir=folder)
    settings.signing_keys()
    await FileStorage(folder / "files").save(uuid4(), uuid4(), b"private")
    database = Database(settings.database)
    try:
        await migrate(database)
        assert (folder / "monitora.db-wal").exists(), "the files beside the database are there"
        assert _readable_by_others(folder) == []
    finally:
        await database.close()


@pytest.mark.usefixtures("umask")
async def test_what_the_server_makes_is_for_its_account_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"

    await _fill(folder)

    modes = _modes(folder)
    assert {modes[name] for name in (".", "files")} == {0o700}
    assert {modes[name] for name in ("secret.key", "monitora.db")} == {0o600}
    assert _mode(folder.parent) == 0o700


async def test_what_others_could_read_before_is_taken_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await _fill(folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)

    await _fill(folder)

    assert _readable_by_others(folder) == []


def test_a_folder_made_beforehand_becomes_the_server_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)

    Settings(data_dir=folder).prepare_data_dir()

    assert _mode(folder) == 0o700


async def test_a_folder_that_holds_other_things_keeps_its_mode_and_the_server_s_files_have_theirs(
    tmp_path: Path,
) -> None:
    folder, own_files = tmp_path / "home", tmp_path / "home" / "files"
    own_files.mkdir(parents=True)
    (own_files / "holiday.jpg").touch()
    for path, mode in ((folder, 0o755), (own_files, 0o755), (own_files / "holiday.jpg", 0o644)):
        path.chmod(mode)
    settings = Settings(data_dir=folder)

    settings.signing_keys()
    database = Database(settings.database)
    await migrate(database)
    await database.close()

    modes = _modes(folder)
    assert (modes["."], modes["files"], modes["files/holiday.jpg"]) == (0o755, 0o755, 0o644)
    assert (modes["secret.key"], modes["monitora.db"]) == (0o600, 0o600)


def test_a_folder_that_everybody_puts_things_into_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)

    Settings(data_dir=folder).prepare_data_dir()

    assert _mode(folder) == 0o1777


async def test_a_database_elsewhere_is_for_the_server_s_account_alone_too(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.db"
    for each, mode in ((path, 0o644), (tmp_path, 0o755)):
        each.touch()
        each.chmod(mode)

    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()

    assert (_mode(path), _mode(tmp_path)) == (0o600, 0o755)


@contextmanager
def _unprivileged() -> Iterator[int]:
    """Be an account that may not write into the system's folders, and yield its number."""
    if os.geteuid() != 0:
        yield os.geteuid()
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield NOBODY
    finally:
        os.setresuid(0, 0, 0)


def test_a_folder_of_another_account_is_refused_with_what_to_do() -> None:
    folder = Path("/usr")

    with _unprivileged() as account, pytest.raises(InvalidSettings) as refused:
        Settings(data_dir=folder).prepare_data_dir()

    assert str(refused.value) == (
        "MONITORA_DATA_DIR: the folder /usr cannot be written to: it belongs to the account 0, and the server runs as "
        f"{account}; give it to that, or name another."
    )


def test_a_folder_that_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    hidden.chmod(0o000)

    with _unprivileged(), pytest.raises(InvalidSettings, match="cannot be made"):
        Settings(data_dir=hidden / "data").prepare_data_dir()


def test_a_command_says_in_one_line_that_it_may_not_use_the_folder() -> None:
    refused = monitora({"MONITORA_DATA_DIR": "/proc/monitora"}, "migrate")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: MONITORA_DATA_DIR: the folder /proc/monitora cannot be made")
    assert refused.stderr.count("\n") == 1


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(InvalidSettings, match=f"MONITORA_DATA_DIR: {file} is a file: name a folder."):
        Settings(data_dir=file).prepare_data_dir()


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(InvalidSettings, match=r"MONITORA_DATA_DIR: .*/file/data cannot be made \(Not a directory\)"):
        Settings(data_dir=file / "data").signing_keys()


def test_a_signing_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()

    with pytest.raises(InvalidSettings, match=r"MONITORA_DATA_DIR: .*/secret.key cannot be read \(Is a directory\)"):
        Settings(data_dir=tmp_path).signing_keys()


def test_the_signing_key_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "made" / "here")

    key, *_ = settings.signing_keys()

    assert settings.data_dir.stat().st_mode & 0o777 == 0o700
    assert (settings.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600
    assert Settings(data_dir=settings.data_dir).signing_keys() == [key]
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret.key"]
