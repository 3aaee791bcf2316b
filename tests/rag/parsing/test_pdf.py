from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing.document import Block, BlockKind, Place, Unit
from rag.parsing.pdf import source
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
        Block("- by post", ("Delivery",), Place(Unit.PAGE, 3), BlockKind.LIST_ITEM),
        Block("- by bike", ("Delivery",), Place(Unit.PAGE, 3), BlockKind.LIST_ITEM),
    ]


def test_the_title_in_the_properties_comes_first_unless_a_program_left_it_there() -> None:
    assert parse("a.pdf", make_pdf(["# Heading\nText of the report."], title="Annual report")).title == "Annual report"
    assert (
        parse("a.pdf", make_pdf(["# Heading\nText of the report."], title="Microsoft Word - report.doc")).title
        == "Heading"
    )
    assert parse("a.pdf", make_pdf(["# Heading\nText of the report."], title="(anonymous)")).title == "Heading"
    assert parse("my report.pdf", make_pdf(["Text."])).title == ""


def test_a_list_stays_item_by_item_after_the_line_that_announces_it() -> None:
    document = parse("a.pdf", make_pdf([f"{SENTENCE}We deliver:\n• by post, {SENTENCE * 2}\n• by bike\n3. on foot"]))

    assert [block.text[:9] for block in document.blocks] == ["Every par", "- by post", "- by bike", "3. on foo"]
    assert [block.kind for block in document.blocks] == [BlockKind.TEXT] + [BlockKind.LIST_ITEM] * 3


def test_a_long_text_in_large_letters_is_text_and_not_a_heading() -> None:
    document = parse("a.pdf", make_pdf(["# " + SENTENCE * 4 + f"\n{SENTENCE * 20}"]))

    assert document.title == ""
    assert document.blocks[0].text == (SENTENCE * 4).strip()


def test_a_paragraph_that_goes_on_on_the_next_page_is_one_and_tells_where_the_page_begins() -> None:
    pages = [f"{SENTENCE * 2}The driver", "rings at the door. He waits.\n\nThe end of the guide."]

    document = parse("a.pdf", make_pdf(pages))

    paragraph, end = document.blocks
    assert paragraph.text == f"{SENTENCE * 2}The driver rings at the door. He waits."
    assert paragraph.place == Place(Unit.PAGE, 1)
    assert [(paragraph.text[offset:], place) for offset, place in paragraph.continued] == [
        ("rings at the door. He waits.", Place(Unit.PAGE, 2))
    ]
    assert end == Block("The end of the guide.", place=Place(Unit.PAGE, 2))


def test_each_sentence_is_on_its_page() -> None:
    sentences = ["The boat house is locked.", "Each member cleans the boats.", "Lost property is kept in the cupboard."]

    document = parse("slides.pdf", make_pdf(sentences))

    assert [(block.text, block.place) for block in document.blocks] == [
        (sentence, Place(Unit.PAGE, number)) for number, sentence in enumerate(sentences, start=1)
    ]


def test_pages_without_text_among_others_are_told() -> None:
    document = parse("a.pdf", make_pdf(["Text.", "", "More text.", "", "", "", "The last text."]))

    (warning,) = document.warnings
    assert warning.startswith("Pages 2 and 4 to 6 hold no text")
    assert warning.endswith("send the result.")
    assert [block.place.number for block in document.blocks if block.place] == [1, 3, 7]


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

    monkeypatch.setattr(source, "MAX_RAW_CHARACTERS", 200)
    with pytest.raises(UnreadableDocument, match="characters") as too_long:
        parse("a.pdf", content)
    monkeypatch.setattr(source, "MAX_PAGES", 3)
    with pytest.raises(UnreadableDocument, match="pages") as too_many:
        parse("a.pdf", content)

    assert too_long.value.code == too_many.value.code == ErrorCode.FILE_TOO_LARGE


def test_several_threads_may_read_at_once() -> None:
    contents = [make_pdf([f"Document {number} says {SENTENCE}"] * 5) for number in range(12)]

    with ThreadPoolExecutor(4) as threads:
        documents = list(threads.map(lambda content: parse("a.pdf", content), contents))

    for number, document in enumerate(documents):
        assert all(block.text.startswith(f"Document {number} ") for block in document.blocks)
