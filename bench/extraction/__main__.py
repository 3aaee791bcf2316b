"""`python -m bench.extraction FOLDER…`: words lost, added and out of order of each file, against a reference.

Each file is read as the server reads an upload: in a child process with its limits, into the passages that are stored.
"""

import argparse
import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import SEEK_END
from pathlib import Path

from bench.extraction.references import READS, available, pdftotext
from bench.extraction.words import Difference, on_right_page, rows_kept, words_of
from rag.ingestion.chunk import Chunk
from rag.ingestion.reader import DocumentReader, ReaderKilled
from rag.parsing import UnreadableDocument, detect_type


@dataclass(slots=True)
class Figures:
    """Sums over the files of one format."""

    files: int = 0
    seconds: float = 0.0
    size: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    lost: int = 0
    added: int = 0
    out_of_order: int = 0
    rows: int = 0
    rows_kept: int = 0
    placed: int = 0
    placed_right: int = 0

    def add(self, difference: Difference) -> None:
        """Count a file."""
        self.expected += difference.expected
        self.lost += difference.lost
        self.added += difference.added
        self.out_of_order += difference.out_of_order


async def _read(reader: DocumentReader, path: Path, figures: Figures) -> tuple[str, list[Chunk]]:
    with path.open("rb") as file:
        figures.size += file.seek(0, SEEK_END)
        file_type = detect_type(path.name, file)
        async with reader.reading(file_type, path.stem, file, embedder=None) as reading:
            return reading.title, [chunk async for batch in reading.batches() for chunk in batch.chunks]


def _lines(title: str, chunks: list[Chunk]) -> list[str]:
    """Return all that is stored, in reading order: each heading once where it begins."""
    lines, path = [title], ()
    for chunk in chunks:
        if chunk.heading != path:
            shared = sum(1 for one, other in zip(path, chunk.heading, strict=False) if one == other)
            lines += chunk.heading[shared:]
            path = chunk.heading
        lines += chunk.content.split("\n")
    return lines


def _placed(chunks: list[Chunk]) -> Iterator[tuple[int, str]]:
    """Yield (page, text) of each part of the passages that says its page."""
    for chunk in chunks:
        places = chunk.places or ((0, chunk.location or ""),)
        ends = [*(offset for offset, _ in places[1:]), len(chunk.content)]
        for (start, place), end in zip(places, ends, strict=True):
            unit, _, number = place.partition(" ")
            if unit == "page" and number.isdigit():
                yield int(number), chunk.content[start:end]


async def _measure(reader: DocumentReader, path: Path, tool: str, figures: Figures) -> str:
    """Compare one file, and return what is printed of it."""
    figures.files += 1
    began = time.perf_counter()
    try:
        title, chunks = await _read(reader, path, figures)
    except (UnreadableDocument, ReaderKilled) as error:
        figures.refused[error.code] += 1
        reference = READS[tool][0](path)
        words = len(words_of(reference)) if reference else 0
        return f"{error.code}; {tool} reads {words} words"
    finally:
        figures.seconds += time.perf_counter() - began
    reference = READS[tool][0](path)
    if reference is None:
        return f"{tool} fails"
    lines = _lines(title, chunks)
    difference = Difference.between(words_of(reference), words_of("\n".join(lines)))
    figures.add(difference)
    if tool == "pdftotext":
        kept, rows = rows_kept(pdftotext(path, "-layout") or "", lines)
        right, placed = on_right_page(reference.split("\f"), list(_placed(chunks)))
        figures.rows += rows
        figures.rows_kept += kept
        figures.placed += placed
        figures.placed_right += right
    return f"{difference.lost} lost, {difference.added} added, {difference.out_of_order} moved of {difference.expected}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def _summary(figures: dict[tuple[str, str], Figures]) -> None:
    print("| format | against | files | refused | words | lost | added | moved | rows kept | right page | MB/s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for (extension, tool), each in sorted(figures.items()):
        refused = ", ".join(f"{count} {code}" for code, count in each.refused.most_common()) or "0"
        values = (
            extension, tool, each.files, refused, f"{each.expected:,}", _share(each.lost, each.expected),
            _share(each.added, each.expected), _share(each.out_of_order, each.expected),
            _share(each.rows_kept, each.rows), _share(each.placed_right, each.placed),
            f"{each.size / each.seconds / 1e6:.2f}" if each.seconds else "-",
        )  # fmt: skip
        print(f"| {' | '.join(map(str, values))} |")


async def _run(arguments: argparse.Namespace) -> None:
    tools = available(arguments.reference)
    figures: defaultdict[tuple[str, str], Figures] = defaultdict(Figures)
    reader = DocumentReader()
    await reader.start()
    try:
        for folder in arguments.folders:
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                extension = path.suffix.lower()
                for tool in tools:
                    if extension in READS[tool][1] and (not arguments.only or extension in arguments.only):
                        told = await _measure(reader, path, tool, figures[extension, tool])
                        if arguments.each:
                            print(f"{path.relative_to(folder)}: {told}", flush=True)
    finally:
        await reader.close()
    _summary(figures)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of files, with the folders in them")
    parser.add_argument("--reference", nargs="+", default=list(READS), help="the programs to compare with")
    parser.add_argument("--only", nargs="+", help="extensions that are read (.pdf)")
    parser.add_argument("--each", action="store_true", help="print a line for each file")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
