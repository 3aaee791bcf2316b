"""The programs that files are compared with. None is part of the project: they are named on the command line."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

SECONDS = 60


def _run(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None


def pdftotext(path: Path, *options: str) -> str | None:
    """Return the text of a PDF, a form feed after each page; None where the program fails."""
    return _run(["pdftotext", "-enc", "UTF-8", *options, str(path), "-"])


def pandoc(path: Path) -> str | None:
    """Return the text of an office file."""
    return _run(["pandoc", "--to=plain", "--wrap=none", str(path)])


def w3m(path: Path) -> str | None:
    """Return the text of a page as a terminal shows it."""
    return _run(["w3m", "-dump", "-T", "text/html", "-cols", "10000", str(path)])


READS: dict[str, tuple[Callable[[Path], str | None], frozenset[str]]] = {
    "pdftotext": (pdftotext, frozenset({".pdf"})),
    "pandoc": (pandoc, frozenset({".docx", ".odt", ".epub", ".rtf", ".md", ".ipynb"})),
    "w3m": (w3m, frozenset({".html", ".htm"})),
}
"""What each program is asked to read."""


def available(names: Sequence[str]) -> list[str]:
    """Return the names of programs that are installed. Raises `SystemExit` for a name that is none of `READS`."""
    unknown = set(names) - set(READS)
    if unknown:
        raise SystemExit(f"no reference: {', '.join(sorted(unknown))}; there are {', '.join(READS)}")
    return [name for name in names if shutil.which(name)]
