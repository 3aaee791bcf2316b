"""`python -m bench.extraction.rate FOLDER… [--rounds N]`: pages a second from PDF to passages, without embedding.

The same files go through PDFium alone, the reader in one process, and the children that read uploads, one at a time and
two at a time. They take turns in each round, so that the ratios of one run hold on a shared machine.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pypdfium2

from rag.ingestion.reader import DocumentReader
from rag.parsing import FileType, UnreadableDocument, parse_as

_MOST_BYTES = 20_000_000


def _readable(folders: Sequence[Path]) -> list[tuple[Path, int]]:
    """Return (path, pages) of each PDF that can be read."""
    found = []
    for path in sorted(each for folder in folders for each in folder.rglob("*.pdf")):
        content = path.read_bytes()
        try:
            if len(content) <= _MOST_BYTES:
                parse_as(FileType.PDF, content)
                found.append((path, len(pypdfium2.PdfDocument(content))))
        except UnreadableDocument:
            continue
    return found


async def _pdfium(files: Sequence[Path]) -> None:
    for path in files:
        document = pypdfium2.PdfDocument(path.read_bytes())
        for number in range(len(document)):
            try:
                document[number].get_textpage().get_text_range()
            except pypdfium2.PdfiumError:
                continue
        document.close()


async def _reader(files: Sequence[Path]) -> None:
    for path in files:
        parse_as(FileType.PDF, path.read_bytes())


def _children(reader: DocumentReader, at_once: int) -> Callable[[Sequence[Path]], Awaitable[None]]:
    async def run(files: Sequence[Path]) -> None:
        waiting = iter(files)

        async def work() -> None:
            for path in waiting:
                with path.open("rb") as file:
                    async with reader.reading(FileType.PDF, path.stem, file, embedder=None) as reading:
                        async for _ in reading.batches():
                            pass

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())

    return run


async def _run(arguments: argparse.Namespace) -> None:
    files = _readable(arguments.folders)
    pages = sum(count for _, count in files)
    paths = [path for path, _ in files]
    reader = DocumentReader()
    await reader.start()
    ways = {
        "PDFium's text alone": _pdfium,
        "the reader, in one process": _reader,
        "children, one at a time": _children(reader, 1),
        "children, two at a time": _children(reader, 2),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for _ in range(arguments.rounds):
            for name, way in ways.items():
                began = time.perf_counter()
                await way(paths)
                rates[name].append(pages / (time.perf_counter() - began))
    finally:
        await reader.close()
    print(f"{len(files)} files, {pages} pages, {arguments.rounds} rounds\n")
    print("| | pages/s | to the reader | to one at a time |\n|---|---|---|---|")
    for name, values in rates.items():
        ratios = (
            statistics.median(value / base for value, base in zip(values, rates[other], strict=True))
            for other in ("the reader, in one process", "children, one at a time")
        )
        print(f"| {name} | {statistics.median(values):.0f} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of PDF files")
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
