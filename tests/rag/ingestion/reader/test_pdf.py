"""PDF files read by a real child, which can open no file and start no thread."""

import tempfile
from collections.abc import AsyncIterator

import pytest

from core.errors import ErrorCode
from rag.ingestion.reader import DocumentReader, ReadBatch, Reading
from rag.parsing import FileType, UnreadableDocument
from rag.parsing.pdf.recognition import Recognition
from tests.rag.parsing.pdf_files import Drawn, Field, drawn_table, make_drawn_pdf, scanned

PRICES = [["Article", "Material", "Price"], ["Chair Oslo", "oak", "149 EUR"], ["Stool Nice", "steel", "59 EUR"]]
PAGE = [Drawn(60, 60, "Furniture of the north", 20), *drawn_table(PRICES, [60, 200, 320])]


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[DocumentReader]:
    reader = DocumentReader()
    yield reader
    await reader.close()


async def read(reader: DocumentReader, content: bytes) -> tuple[Reading, list[ReadBatch]]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        async with reader.reading(FileType.PDF, "Name", file, embedder=None) as reading:
            return reading, [batch async for batch in reading.batches()]


def text_of(batches: list[ReadBatch]) -> str:
    return "\n".join(chunk.content for batch in batches for chunk in batch.chunks)


async def test_tables_and_forms_are_read_in_a_child(reader: DocumentReader) -> None:
    page = [*PAGE, Drawn(60, 300, "Delivered to:")]

    reading, batches = await read(reader, make_drawn_pdf([page], (Field(200, 300, "Ghent"),)))

    assert reading.title == "Furniture of the north"
    assert "Article: Stool Nice; Material: steel; Price: 59 EUR" in text_of(batches)
    assert "Delivered to: Ghent" in text_of(batches)


async def test_a_book_is_read_within_the_limits(reader: DocumentReader) -> None:
    pages = [
        [Drawn(60, 100 + 12 * line, f"Parcel {page}/{line} is weighed and sent on its day.") for line in range(50)]
        for page in range(200)
    ]

    reading, batches = await read(reader, make_drawn_pdf(pages))

    assert reading.page_count >= 200
    assert text_of(batches).count("Parcel") == 200 * 50


@pytest.mark.skipif(not Recognition.is_installed, reason="text recognition (monitora[ocr]) is not installed")
async def test_scanned_pages_are_recognised_with_their_tables(reader: DocumentReader) -> None:
    reading, batches = await read(
        reader, scanned(make_drawn_pdf([PAGE, [Drawn(60, 100, "La livraison est gratuite.")]]))
    )

    assert reading.warnings == ()
    assert "Article: Stool Nice; Material: steel; Price: 59 EUR" in text_of(batches)
    assert "La livraison est gratuite." in text_of(batches)


@pytest.mark.skipif(Recognition.is_installed, reason="text recognition (monitora[ocr]) is installed")
async def test_scanned_pages_are_told_where_text_recognition_is_not_installed(reader: DocumentReader) -> None:
    with pytest.raises(UnreadableDocument, match="not installed on this server") as refused:
        await read(reader, scanned(make_drawn_pdf([PAGE])))

    assert refused.value.code is ErrorCode.FILE_WITHOUT_TEXT
