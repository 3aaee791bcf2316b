import codecs

import pytest

from rag.parsing.document import BlockKind
from tests.rag.parsing.parsed import parse


def test_a_text_becomes_a_block_for_each_paragraph() -> None:
    document = parse("notes on delivery.txt", b"First paragraph,\nin two lines.\r\n\r\n  \nSecond   paragraph.\n")

    assert document.title == ""
    assert [block.text for block in document.blocks] == ["First paragraph,\nin two lines.", "Second paragraph."]
    assert [str(block.place) for block in document.blocks] == ["line 1", "line 5"]


@pytest.mark.parametrize(
    "content",
    [
        "Déjà payé : 12 €".encode(),
        codecs.BOM_UTF8 + "Déjà payé : 12 €".encode(),
        codecs.BOM_UTF16_LE + "Déjà payé : 12 €".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Déjà payé : 12 €".encode("utf-16-be"),
        "Déjà payé : 12 €".encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big", "cp1252"],
)
def test_accents_survive_whatever_the_program_that_wrote_them(content: bytes) -> None:
    assert parse("facture.txt", content).blocks[0].text == "Déjà payé : 12 €"


def test_letters_are_composed_and_invisible_marks_taken_out() -> None:
    document = parse("a.txt", "e\u0301te\u0301 re\u00adfund\u200b\ufeff".encode())

    assert document.blocks[0].text == "été refund"


def test_the_language_is_that_of_the_text() -> None:
    assert (
        parse("a.txt", "Les colis sont livrés dans les trois jours qui suivent la commande.".encode()).language == "fr"
    )
    assert parse("a.txt", b"Parcels are delivered within three days of the order.").language == "en"


def test_a_plain_text_is_read_with_its_headings_lists_and_lines() -> None:
    text = (
        "Our guide\n=========\n\nDelivery\n--------\nBy post:\n1. Order\n2. Wait\n   a day\n\nRETURNS\n\nBy post too.\n"
    )

    document = parse("guide.txt", text.encode())

    assert document.title == "Our guide"
    assert [(block.text, block.heading, block.kind, str(block.place)) for block in document.blocks] == [
        ("By post:", ("Delivery",), BlockKind.TEXT, "line 6"),
        ("1. Order", ("Delivery",), BlockKind.LIST_ITEM, "line 7"),
        ("2. Wait a day", ("Delivery",), BlockKind.LIST_ITEM, "line 8"),
        ("By post too.", ("RETURNS",), BlockKind.TEXT, "line 13"),
    ]


def test_a_question_is_kept_with_its_answer() -> None:
    document = parse("faq.txt", b"Q: Where?\n\nA: In Paris.\n\nQ: When?\nA: At noon.\nQ: Who?\nA: Me.\n")

    assert [block.text for block in document.blocks] == [
        "Q: Where?\nA: In Paris.",
        "Q: When?\nA: At noon.",
        "Q: Who?\nA: Me.",
    ]


def test_the_mark_that_ends_a_text_of_dos_is_no_text() -> None:
    assert parse("erp.txt", b"ITEM 4711\r\nPRICE 88.00\r\n\x1a").blocks[0].text == "ITEM 4711\nPRICE 88.00"
