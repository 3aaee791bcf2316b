"""Files that once stopped a server, each read by a real child with limits of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from functools import partial

import pytest

from core.errors import ErrorCode
from rag.ingestion.reader import DocumentReader, ReadBatch, ReaderEnd, ReaderKilled, ReaderLimits
from rag.models.local.embedder import LocalEmbedder
from rag.parsing import FileType, UnreadableDocument
from tests.rag.parsing import hostile_files
from tests.rag.parsing.office_files import (
    make_docx,
    make_epub,
    make_odf,
    make_pptx,
    make_xlsx,
    paragraph,
    shape,
    sheet,
)  # fmt: skip
from tests.rag.parsing.ole_files import make_doc, make_ppt, make_xls

MEGABYTE = 1024 * 1024
LIMITS = ReaderLimits(memory_bytes=512 * MEGABYTE, cpu_seconds=6)


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[DocumentReader]:
    reader = DocumentReader(limits=LIMITS)
    yield reader
    await reader.close()


async def read(
    reader: DocumentReader, file_type: FileType, content: bytes, embedder: str | None = None
) -> list[ReadBatch]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        async with reader.reading(file_type, "Name", file, embedder=embedder) as reading:
            return [batch async for batch in reading.batches()]


async def turns_during(work: asyncio.Future[list[ReadBatch]]) -> int:
    """Return how often the loop came round before `work` was done."""
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    return turns


@pytest.mark.parametrize(
    ("file_type", "make", "reasons"),
    [
        (FileType.PDF, hostile_files.nested_forms, {ReaderEnd.CPU_TIME, ReaderEnd.MEMORY, ReaderEnd.CRASH}),
        (FileType.PDF, hostile_files.shared_stream, {ReaderEnd.CPU_TIME, ReaderEnd.MEMORY, ReaderEnd.CRASH}),
    ],
)
async def test_a_file_that_no_bound_finds_is_ended_by_the_child_s_limits(
    reader: DocumentReader, file_type: FileType, make: Callable[[], bytes], reasons: set[ReaderEnd]
) -> None:
    content = make()
    assert len(content) < MEGABYTE
    reading = asyncio.ensure_future(read(reader, file_type, content))

    turns = await turns_during(reading)

    error = reading.exception()
    assert isinstance(error, ReaderKilled)
    assert error.reason in reasons
    assert turns > 100
    assert await read(reader, FileType.TEXT, b"The next document.")


@pytest.mark.parametrize(
    ("file_type", "make", "code"),
    [
        (FileType.TEXT, lambda: hostile_files.one_line(25 * MEGABYTE), ErrorCode.FILE_TOO_LARGE),
        (FileType.MARKDOWN, lambda: b"## a\nx\n## b\nx\n" * 30_000, ErrorCode.FILE_TOO_LARGE),
        (FileType.JSON, lambda: b"[" * 5_000_000, ErrorCode.FILE_UNREADABLE),
        (FileType.JSON, lambda: b"[0," + b"1e5," * 5_000_000 + b"0]", ErrorCode.FILE_TOO_LARGE),
        (FileType.CSV, lambda: b'"' + b"x,\n" * 1_000_000, ErrorCode.FILE_UNREADABLE),
        (FileType.HTML, lambda: b"<p " + b"".join(b"a%d=b " % n for n in range(400_000)), ErrorCode.FILE_UNREADABLE),
        (FileType.EML, lambda: hostile_files.nested_mail(600), ErrorCode.FILE_UNREADABLE),
        (
            FileType.EML,
            lambda: b"From: a@b.c\nContent-Type: text/plain" + b"; a=b" * 3_000_000,
            ErrorCode.FILE_UNREADABLE,
        ),
        (FileType.DOCX, hostile_files.many_nodes, ErrorCode.FILE_TOO_LARGE),
        (FileType.DOCX, hostile_files.many_parts, ErrorCode.FILE_UNREADABLE),
        (FileType.DOCX, hostile_files.nested_tables, ErrorCode.FILE_UNREADABLE),
        (FileType.ODT, hostile_files.nested_lists, ErrorCode.FILE_UNREADABLE),
        (FileType.EPUB, hostile_files.nested_divisions, ErrorCode.FILE_TOO_LARGE),
        (FileType.DOC, hostile_files.looped_directory, ErrorCode.FILE_UNREADABLE),
        (FileType.ODS, hostile_files.repeated_cells, ErrorCode.FILE_TOO_LARGE),
        (FileType.XLSX, hostile_files.merged_sheet, ErrorCode.FILE_TOO_LARGE),
        (FileType.XLSX, hostile_files.far_cells, ErrorCode.FILE_TOO_LARGE),
        *(
            (FileType(kind), partial(hostile_files.bomb, kind), ErrorCode.FILE_TOO_LARGE)
            for kind in hostile_files.BOMBS
        ),
        *(
            (FileType(kind), partial(hostile_files.entities, kind), ErrorCode.FILE_UNREADABLE)
            for kind in hostile_files.ENTITIES
        ),
    ],
)
async def test_a_file_over_a_bound_is_refused_before_work_is_done(
    reader: DocumentReader, file_type: FileType, make: Callable[[], bytes], code: ErrorCode
) -> None:
    content = await asyncio.to_thread(make)

    with pytest.raises(UnreadableDocument) as refused:
        await read(reader, file_type, content)

    assert refused.value.code is code
    assert refused.value.defect is None


@pytest.mark.parametrize(
    ("file_type", "make", "text"),
    [
        (FileType.DOCX, lambda: hostile_files.nested_tables(60), "x"),
        (FileType.ODT, lambda: hostile_files.nested_lists(60), "- x"),
        (FileType.EPUB, lambda: hostile_files.nested_divisions(200), "x"),
        (FileType.RTF, lambda: hostile_files.nested_groups(100_000), "x"),
        (FileType.DOCX, hostile_files.circular_styles, "Text."),
        (FileType.HTML, lambda: b"<?xml version='1.0'?><p>x" + b"<![CDATA[" * 100_000, "x"),
    ],
    ids=["tables", "lists", "divisions", "groups", "styles", "sections"],
)
async def test_what_is_nested_within_bounds_or_goes_round_is_read(
    reader: DocumentReader, file_type: FileType, make: Callable[[], bytes], text: str
) -> None:
    batches = await read(reader, file_type, make())

    assert text in batches[0].chunks[0].content


OFFICE_FILES = {
    FileType.DOCX: make_docx(paragraph("Opening hours")),
    FileType.PPTX: make_pptx([shape("Opening hours")]),
    FileType.XLSX: make_xlsx({"One": sheet({"A1": "Opening hours"})}),
    FileType.ODT: make_odf("text", "<text:p>Opening hours</text:p>"),
    FileType.EPUB: make_epub(["<p>Opening hours</p>"]),
    FileType.RTF: rb"{\rtf1 Opening hours}",
    FileType.DOC: make_doc("Opening hours"),
    FileType.XLS: make_xls({"One": [["Opening hours"]]}),
    FileType.PPT: make_ppt(["Opening hours"]),
}


@pytest.mark.parametrize("file_type", OFFICE_FILES)
async def test_an_office_file_is_read_in_a_child_that_can_open_nothing(
    reader: DocumentReader, file_type: FileType
) -> None:
    batches = await read(reader, file_type, OFFICE_FILES[file_type])

    assert [chunk.content for batch in batches for chunk in batch.chunks] == ["Opening hours"]


async def test_rows_inside_rows_are_read_once(reader: DocumentReader) -> None:
    """They took the square of their number: 41 s for 0.6 MB."""
    batches = await read(reader, FileType.HTML, hostile_files.nested_rows())

    assert "".join(chunk.content for batch in batches for chunk in batch.chunks).count("x") == 60


@pytest.mark.parametrize("page", hostile_files.PAGES.values(), ids=hostile_files.PAGES)
async def test_a_page_takes_time_by_its_length_alone(reader: DocumentReader, page: str) -> None:
    assert await read(reader, FileType.HTML, f"<html><body>{page}<p>The end.".encode())


async def test_a_mail_of_parts_in_parts_is_read(reader: DocumentReader) -> None:
    assert await read(reader, FileType.EML, hostile_files.nested_mail(100))


@pytest.mark.parametrize("encoding", ["cp1252", "koi8-r", "shift_jis", "utf-16-le"])
async def test_an_encoding_is_told_in_a_child_that_can_open_nothing(reader: DocumentReader, encoding: str) -> None:
    text = {
        "koi8-r": "Доставка занимает три дня после заказа.",
        "shift_jis": "配送には三日かかります。送料は五百円です。",
    }
    written = text.get(encoding, "Déjà payé à la livraison, merci.")

    (batch,) = await read(reader, FileType.TEXT, written.encode(encoding))

    assert batch.chunks[0].content == written


async def test_the_files_of_a_mail_come_after_its_passages(reader: DocumentReader) -> None:
    message = EmailMessage()
    message["From"] = "anna@example.org"
    message.set_content("Two files.")
    contents = {"a.bin": bytes(range(256)) * 10_000, "b.txt": b"b"}
    for name, content in contents.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    with tempfile.TemporaryFile() as file:
        file.write(message.as_bytes())
        file.flush()
        async with reader.reading(FileType.EML, "Name", file, embedder=None) as reading:
            batches = [batch async for batch in reading.batches()]
            brought = {attachment.name: attachment.content async for attachment in reading.attachments()}

    assert "Two files." in batches[0].chunks[0].content
    assert brought == contents


async def test_a_long_line_within_the_bounds_is_cut_with_little_memory(reader: DocumentReader) -> None:
    (first, *_), words = await read(reader, FileType.TEXT, hostile_files.one_line(500_000)), "word word"

    assert len(first.chunks) == 64
    assert all(words in chunk.content for chunk in first.chunks)


async def test_a_page_is_not_unpacked_by_the_encoding_it_names(reader: DocumentReader) -> None:
    content = await asyncio.to_thread(hostile_files.packed_page)

    batches = await read(reader, FileType.HTML, content)

    assert 0 < sum(len(chunk.content) for batch in batches for chunk in batch.chunks) < len(content)


async def test_an_ordinary_file_is_read_as_it_is_in_the_process_itself(reader: DocumentReader) -> None:
    text = "# Opening hours\n\nWe are open from Monday to Friday.\n\n## Holidays\n\nClosed – fermé.\n"

    (batch,) = await read(reader, FileType.MARKDOWN, text.encode(), LocalEmbedder.name)

    assert [chunk.content for chunk in batch.chunks] == ["We are open from Monday to Friday.", "Closed – fermé."]
    assert [chunk.heading for chunk in batch.chunks] == [(), ("Holidays",)]
    assert batch.vectors is not None
    expected = await LocalEmbedder().embed_passages(["Opening hours\nWe are open from Monday to Friday."])
    assert (batch.vectors[0] == expected[0]).all()


async def test_a_refusal_says_the_same_as_in_the_process_itself(reader: DocumentReader) -> None:
    with pytest.raises(UnreadableDocument, match=r"^The PDF is damaged\.") as refused:
        await read(reader, FileType.PDF, b"%PDF-1.7 and nothing else")

    assert refused.value.code is ErrorCode.FILE_UNREADABLE
