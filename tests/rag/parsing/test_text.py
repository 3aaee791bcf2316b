import codecs

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
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


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_row_of_a_table_names_its_columns(delimiter: str) -> None:
    rows = [["product", "price"], ["Blue pen", "1.20"], ["Red pen", ""], ["Green pen", "1.40"]]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode()

    document = parse("prices.csv", content)

    assert [block.text for block in document.blocks] == [
        "product: Blue pen; price: 1.20",
        "product: Red pen",
        "product: Green pen; price: 1.40",
    ]


def test_a_quoted_cell_may_hold_delimiters_and_line_breaks() -> None:
    document = parse("faq.csv", b'question;answer\n"Where; when?";"At noon,\nin Paris"\n')

    assert [block.text for block in document.blocks] == ["question: Where; when?; answer: At noon, in Paris"]


def test_a_first_row_of_values_is_a_row_like_the_others() -> None:
    document = parse("figures.csv", b"2024,12\n2025,14\n")

    assert [block.text for block in document.blocks] == ["2024 | 12", "2025 | 14"]


def test_a_table_of_one_column_is_read() -> None:
    assert [block.text for block in parse("names.csv", b"Paris\nLyon\n").blocks] == ["Paris", "Lyon"]


def test_a_cell_without_end_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="quotation mark") as refusal:
        parse("broken.csv", b'name,text\n"never closed ' + b"x" * 200_000)

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE
