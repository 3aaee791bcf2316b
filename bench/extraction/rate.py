"""`python -m bench.extraction.rate FOLDER… [--rounds N]`: pages a second from PDF to passages, without embedding.

The same files go through PDFium alone, the reader in one process, and the children that read uploads, one at a time and
two at a time. They take turns in each round, so that the ratios of one run hold on a shared machine.
"""

import argparse
import asyncio
import resource
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import pypdfium2

from rag.ingestion.reader import DocumentReader
from rag.parsing import FileType, UnreadableDocument, parse_as

_MOST_BYTES = 20_000_000
_REAPED_SECONDS = 0.5
"""After so long the fork server has counted the time of the last child."""


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


async def _children(files: Sequence[Path], at_once: int) -> float:
    """Read `files` in children, and return how long that took, without the start of their server."""
    reader = DocumentReader()
    await reader.start()
    waiting = iter(files)

    async def work() -> None:
        for path in waiting:
            with path.open("rb") as file:
                async with reader.reading(FileType.PDF, path.stem, file, embedder=None) as reading:
                    async for _ in reading.batches():
                        pass

    began = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
        return time.perf_counter() - began
    finally:
        await asyncio.sleep(_REAPED_SECONDS)
        await reader.close()


def _used() -> float:
    """Return the processor time of this process and of the children that ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


async def _timed(way: Callable[[Sequence[Path]], Awaitable[object]], files: Sequence[Path]) -> tuple[float, float]:
    """Return the seconds of a processor, and those of the clock."""
    before, began = _used(), time.perf_counter()
    seconds = await way(files)
    used = _used() - before
    return used, seconds if isinstance(seconds, float) else time.perf_counter() - began


async def _run(arguments: argparse.Namespace) -> None:
    files = _readable(arguments.folders)
    pages = sum(count for _, count in files)
    paths = [path for path, _ in files]
    start, _ = await _timed(partial(_children, at_once=1), [])
    ways: dict[str, Callable[[Sequence[Path]], Awaitable[object]]] = {
        "PDFium's text alone": _pdfium,
        "the reader, in one process": _reader,
        "children, one at a time": partial(_children, at_once=1),
        "children, two at a time": partial(_children, at_once=2),
    }
    used: dict[str, list[float]] = {name: [] for name in ways}
    clock: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            cpu, seconds = await _timed(way, paths)
            used[name].append(pages / (cpu - start if way not in {_pdfium, _reader} else cpu))
            clock[name].append(pages / seconds)
    print(f"{len(files)} files, {pages} pages, {arguments.rounds} rounds\n")
    print("| | pages to a second of a processor | to the reader | pages to a second of the clock | to one at a time |")
    print("|---|---|---|---|---|")
    for name in ways:
        of_reader = _ratio(used[name], used["the reader, in one process"])
        of_one = _ratio(clock[name], clock["children, one at a time"])
        rates = f"{statistics.median(used[name]):.0f} | {of_reader:.2f} | {statistics.median(clock[name]):.0f}"
        print(f"| {name} | {rates} | {of_one:.2f} |")


def _ratio(values: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of PDF files")
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
