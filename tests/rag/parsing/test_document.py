"""What counts as a page of a document, for the quota of its workspace."""

import pytest

from rag.parsing import FileType, parse_as
from rag.parsing.document import PAGE_CHARACTERS, Block, ParsedDocument, Place, Unit
from tests.rag.parsing.pdf_files import make_pdf


@pytest.mark.parametrize(
    ("blocks", "pages"),
    [
        ([Block("x")], 1),
        ([Block("x" * PAGE_CHARACTERS)], 1),
        ([Block("x" * PAGE_CHARACTERS), Block("x")], 2),
        ([Block("first", place=Place(Unit.PAGE, 1)), Block("last", place=Place(Unit.PAGE, 7))], 7),
        ([Block("x" * PAGE_CHARACTERS * 4, place=Place(Unit.PAGE, 1)), Block("last", place=Place(Unit.PAGE, 2))], 5),
    ],
    ids=["a word", "a page of text", "a little more", "a PDF with pages", "a PDF with more on a page than one holds"],
)
def test_a_page_is_a_pdf_s_own_or_three_thousand_characters(blocks: list[Block], pages: int) -> None:
    assert ParsedDocument("title", "en", blocks).page_count == pages


def test_the_pages_of_a_file_are_counted_as_it_is_read() -> None:
    pages = [f"# Part {number}\nThe garden centre opens at nine." for number in range(3)]

    assert parse_as(FileType.PDF, make_pdf(pages)).page_count == 3
