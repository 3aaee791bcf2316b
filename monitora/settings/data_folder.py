"""The data folder: made at the first start, for the server's own account alone, with the key that signs tokens."""

import os
import secrets
import stat
from pathlib import Path
from uuid import UUID

from core.private_files import (
    is_own,
    make_private,
    make_private_file,
    make_private_folder,
    make_tree_private,
)
from monitora.settings.environment import InvalidSettings

DATABASE = "monitora.db"
FILES = "files"
KEY = "secret.key"
OWN_NAMES = {KEY, FILES, *(f"{DATABASE}{suffix}" for suffix in ("", "-wal", "-shm", "-journal"))}
"""What the server puts into the folder. One that holds anything else is not the server's alone, and keeps its mode."""


def prepare_data_dir(folder: Path) -> None:
    """Make the data folder, and keep others out of it: of all that is the server's, also where it was there before.

    Raises `InvalidSettings` when it cannot be made or written to.
    """
    try:
        if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
            raise InvalidSettings(f"MONITORA_DATA_DIR: {folder} is a file: name a folder.")
        make_private_folder(folder)
    except OSError as error:
        raise InvalidSettings(
            f"MONITORA_DATA_DIR: the folder {folder} cannot be made ({error.strerror}): name one that can."
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise InvalidSettings(f"MONITORA_DATA_DIR: the folder {folder} cannot be written to: {_remedy(folder)}.")
    if _is_the_servers(folder):
        make_private(folder)
    make_private(folder / KEY)
    if _holds_documents(folder / FILES):
        make_tree_private(folder / FILES)


def kept_signing_key(folder: Path) -> str:
    """Return the key in the data folder, made at the first start. Raises `InvalidSettings`."""
    prepare_data_dir(folder)
    path = folder / KEY
    try:
        make_private_file(path, secrets.token_urlsafe(48))
    except OSError as error:
        raise InvalidSettings(f"MONITORA_DATA_DIR: {path} cannot be written ({error.strerror}).") from error
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSettings(f"MONITORA_DATA_DIR: {path} cannot be read ({reason}).") from error


def _is_the_servers(folder: Path) -> bool:
    """Tell whether a folder is the server's alone: not a home, a temporary folder or any other that holds more."""
    found = folder.stat()
    if not is_own(found) or found.st_mode & stat.S_ISVTX:
        return False
    held = {path.name for path in folder.iterdir()}
    return held <= OWN_NAMES and (FILES not in held or _holds_documents(folder / FILES))


def _holds_documents(folder: Path) -> bool:
    """Tell whether a folder holds folders of workspaces alone: in a home, `files` may be a person's own."""
    try:
        return all(UUID(path.name) for path in folder.iterdir())
    except (ValueError, OSError):
        return False


def _remedy(folder: Path) -> str:
    owner = folder.stat().st_uid
    if os.name != "posix" or owner == os.geteuid():
        return "name one that can"
    account = os.geteuid()
    return f"it belongs to the account {owner}, and the server runs as {account}; give it to that, or name another"
