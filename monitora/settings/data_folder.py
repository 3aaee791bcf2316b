"""The data folder: made at the first start, with mode 0700, and with the key that signs tokens."""

import os
import secrets
from pathlib import Path

from monitora.settings.environment import InvalidSettings


def prepare_data_dir(folder: Path) -> None:
    """Make the data folder with mode 0700. Raises `InvalidSettings` when it cannot be made or written to."""
    if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
        raise InvalidSettings(f"MONITORA_DATA_DIR: {folder} is a file: name a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InvalidSettings(
            f"MONITORA_DATA_DIR: the folder {folder} cannot be made ({error.strerror}): name one that can."
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise InvalidSettings(f"MONITORA_DATA_DIR: the folder {folder} cannot be written to: name one that can.")


def kept_signing_key(folder: Path) -> str:
    """Return the key in the data folder, made at the first start. Raises `InvalidSettings`."""
    prepare_data_dir(folder)
    path = folder / "secret.key"
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise InvalidSettings(f"MONITORA_DATA_DIR: {path} cannot be written ({error.strerror}).") from error
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSettings(f"MONITORA_DATA_DIR: {path} cannot be read ({reason}).") from error
