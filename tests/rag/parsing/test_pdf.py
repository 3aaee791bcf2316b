from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing import pdf as pdf_reader
from rag.parsing.document import Block, Place, Unit
from tests.rag.parsing.parsed import parse
from tests.rag.parsing.pdf_files import make_pdf

SENTENCE = "Every parcel is weighed, labelled and sent on the day of the order. "


def test_text_keeps_its_page_and_its_headings() -> None:
    content = make_pdf(["# Guide\n" + SENTENCE * 3, "# Delivery\nLivré à Paris (dès demain).", "- by post\n- by bike"])

    document = parse("guide.pdf", content)

    assert document.title == "Guide"
    assert document.blocks == [
        Block((SENTENCE * 3).strip(), (), place=Place(Unit.PAGE, 1)),
        Block("Livré à Paris (dès demain).", ("Delivery",), place=Place(Unit.PAGE, 2)),
        Block("- by post\n- by bike", ("Delivery",), place=Place(Unit.PAGE, 3)),
    ]


def test_the_title_in_the_properties_comes_first_unless_a_program_left_it_there() -> None:
    assert parse("a.pdf", make_pdf(["# Heading\nText of the report."], title="Annual report")).title == "Annual report"
    assert (
        parse("a.pdf", make_pdf(["# Heading\nText of the report."], title="Microsoft Word - report.doc")).title
        == "Heading"
    )
    assert parse("my report.pdf", make_pdf(["Text."])).title == ""


def test_a_line_that_stands_on_every_page_is_left_out() -> None:
    texts = [f"About {animal} and where they live." for animal in ("cats", "dogs", "owls", "fish", "bees")]
    pages = [f"Handbook of animals\n\n{text}\n\nPage {number}" for number, text in enumerate(texts, start=1)]

    document = parse("animals.pdf", make_pdf(pages))

    assert [block.text for block in document.blocks] == texts


def test_contents_and_page_numbers_are_no_text() -> None:
    contents = "Introduction . . . . . . . . . 1\nDelivery ........... 12\nThe guide begins here.\nii"

    document = parse("guide.pdf", make_pdf([contents, "Parcels come in three days.\n- 2 -"]))

    assert [block.text for block in document.blocks] == ["The guide begins here.", "Parcels come in three days."]


def test_a_list_stays_with_the_line_that_announces_it() -> None:
    document = parse("a.pdf", make_pdf([f"{SENTENCE}We deliver:\n• by post, {SENTENCE * 2}\n• by bike\n• on foot"]))

    [block] = document.blocks
    assert [line[:9] for line in block.text.split("\n")] == ["Every par", "- by post", "- by bike", "- on foot"]


def test_paragraphs_are_told_apart() -> None:
    document = parse("a.pdf", make_pdf([f"{SENTENCE * 3}It ends.\nAnother begins here. {SENTENCE * 2}"]))

    assert [block.text[:14] for block in document.blocks] == ["Every parcel i", "Another begins"]


def test_a_pdf_of_images_says_that_text_is_not_recognised() -> None:
    with pytest.raises(UnreadableDocument, match="scanned images") as refusal:
        parse("scan.pdf", make_pdf(["", ""]))

    assert refusal.value.code == ErrorCode.FILE_WITHOUT_TEXT


def test_a_pdf_cut_short_is_damaged() -> None:
    with pytest.raises(UnreadableDocument, match="damaged") as refusal:
        parse("cut.pdf", make_pdf(["Text."])[:60])

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_a_pdf_with_a_password_is_refused() -> None:
    # The standard security handler with a user password: what matters is that the empty password does not open it.
    security = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >> "
        b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] "
    )
    content = make_pdf(["Text."]).replace(b"trailer\n<< ", b"trailer\n<< " + security)

    with pytest.raises(UnreadableDocument, match="password") as refusal:
        parse("secret.pdf", content)

    assert refusal.value.code == ErrorCode.FILE_ENCRYPTED


def test_too_many_pages_or_too_much_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_pdf([SENTENCE] * 4)

    monkeypatch.setattr(pdf_reader, "MAX_TEXT_CHARACTERS", 200)
    with pytest.raises(UnreadableDocument, match="characters") as too_long:
        parse("a.pdf", content)
    monkeypatch.setattr(pdf_reader, "MAX_PAGES", 3)
    with pytest.raises(UnreadableDocument, match="pages") as too_many:
        parse("a.pdf", content)

    assert too_long.value.code == too_many.value.code == ErrorCode.FILE_TOO_LARGE


def test_several_threads_may_read_at_once() -> None:
    contents = [make_pdf([f"Document {number} says {SENTENCE}"] * 5) for number in range(12)]

    with ThreadPoolExecutor(4) as threads:
        documents = list(threads.map(lambda content: parse("a.pdf", content), contents))

    for number, document in enumerate(documents):
        assert all(block.text.startswith(f"Document {number} ") for block in document.blocks)
