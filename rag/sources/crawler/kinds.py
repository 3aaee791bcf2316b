"""What kind of file an address or a server names, and whether it holds text."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_NO_TEXT_ENDINGS = frozenset(
    """.7z .aac .apk .avi .avif .bin .bmp .bz2 .css .deb .dmg .eot .exe .flac .gif .gz .ico .iso .jar .jpeg .jpg .js
    .m4a .m4v .mjs .mkv .mov .mp3 .mp4 .mpeg .mpg .msi .ogg .otf .png .rar .rpm .svg .tar .tgz .tif .tiff .ttf .wasm
    .wav .webm .webp .wmv .woff .woff2 .xz .zip""".split()  # noqa: SIM905
)
"""Endings of what holds no text, which is not fetched."""
_NO_TEXT_KINDS = re.compile(
    r"\s*(?:image|audio|video|font)/|\s*text/(?:css|javascript|calendar)|\s*application/(?:\w+\+)?(?:javascript|json|xml|rss\+xml|atom\+xml)",
    re.IGNORECASE,
)
_PLAIN_KINDS = {"text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv"}


def has_no_text(address: str) -> bool:
    """Tell whether what an address names holds no text, by its ending."""
    return PurePosixPath(urlsplit(address).path).suffix.lower() in _NO_TEXT_ENDINGS


def is_no_text(kind: str) -> bool:
    """Tell whether a kind that a server names holds no text to read."""
    return _NO_TEXT_KINDS.match(kind) is not None


def is_html(kind: str, content: bytes) -> bool:
    """Tell whether what was fetched is a page, by the kind that its server names and by what it begins with."""
    named = kind.partition(";")[0].strip().lower()
    if content.startswith((b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return False
    return named in {"text/html", "application/xhtml+xml"} or (not named and b"<html" in content[:2_000].lower())


def file_name(address: str, kind: str) -> str:
    """Return a name with the ending that the kind tells, where the kind is one that content alone does not tell."""
    name = PurePosixPath(unquote(urlsplit(address).path)).name or "page"
    ending = _PLAIN_KINDS.get(kind.partition(";")[0].strip().lower())
    return name if ending is None or name.lower().endswith((".md", ".csv", ".tsv", ".html")) else f"{name}{ending}"
