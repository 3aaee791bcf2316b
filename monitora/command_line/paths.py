"""What a person names to be read: files, folders with all they hold, patterns, and addresses of the web."""

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Named:
    """A file, or an address, which has no `path`; or what was named in vain, with a sentence that says why."""

    label: str
    path: Path | None = None
    fault: str | None = None


def files_named(arguments: tuple[str, ...]) -> list[Named]:
    """Return the files and addresses that arguments name, each once, in their order; folders are sorted.

    What begins with a dot is left out of folders. Folders behind symbolic links are not entered.
    """
    found: dict[str, Named] = {}
    for argument in arguments:
        for named in _named(argument):
            found.setdefault(os.path.realpath(named.path) if named.path else named.label, named)
    return list(found.values())


def unreadable(path: Path) -> str | None:
    """Say in a sentence why a path holds nothing to read, or return None. A pipe or a device would never end."""
    if path.is_dir():
        return "This is a folder: name the files in it."
    if not path.exists():
        return "There is no such file."
    return None if path.is_file() else "This is not a file."


def _named(argument: str) -> Iterator[Named]:
    path = Path(argument)
    if argument.lower().startswith(("http://", "https://")):
        yield Named(argument)
    elif path.is_dir():
        yield from _or_fault(map(_file, _below(path)), argument, "This folder holds no file.")
    elif not os.path.lexists(path) and glob.has_magic(argument):
        matches = (Path(match) for match in sorted(glob.glob(argument, recursive=True)))  # noqa: PTH207 - it may be absolute
        files = (_file(match) for match in matches if not match.is_dir())
        yield from _or_fault(files, argument, "Nothing matches this pattern.")
    else:
        yield _file(path)


def _file(path: Path) -> Named:
    return Named(str(path), path, unreadable(path))


def _or_fault(files: Iterator[Named], argument: str, fault: str) -> list[Named]:
    return list(files) or [Named(argument, Path(argument), fault)]


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(at, name) for name in sorted(files) if not name.startswith("."))
