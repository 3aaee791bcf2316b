"""Files and folders that the server's own account alone can read, whatever the umask is and whatever they were before.

Nothing of another account is changed. On Windows, where modes mean nothing, neither is anything else.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

import structlog

FILE_MODE = 0o600
FOLDER_MODE = 0o700
OTHERS = 0o077
"""What a mode allows to all but the owner."""

logger = structlog.get_logger(__name__)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, with mode 0700. One that exists stays as it is.

    Raises `OSError`.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        # Another process may make it at the same moment.
        each.mkdir(exist_ok=True)
        each.chmod(FOLDER_MODE)


def make_private_file(path: Path, content: str = "") -> bool:
    """Make a file with mode 0600 and tell whether it was missing. Raises `OSError`."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    path.chmod(FILE_MODE)
    return True


def make_private(path: Path) -> bool:
    """Take what others may do with a file or folder from them, and tell whether they could do anything.

    What is missing or belongs to another account is left alone.
    """
    with suppress(FileNotFoundError):
        found = path.stat()
        if not is_own(found) or not found.st_mode & OTHERS:
            return False
        try:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
        except OSError as error:
            # Some file systems have no modes: the operator keeps others away from the whole of them.
            logger.warning("file_not_private", path=str(path), because=error.strerror)
        return True
    return False


def make_tree_private(folder: Path) -> None:
    """Make a folder private with all it holds. What lies in one that is private already is not looked at."""
    if not make_private(folder):
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            make_tree_private(path)
        else:
            make_private(path)


def is_own(found: os.stat_result) -> bool:
    """Tell whether a file belongs to the account that the process runs as."""
    return os.name == "posix" and found.st_uid == os.geteuid()
