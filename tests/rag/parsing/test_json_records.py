"""JSON: a record is a row, an object of texts reads as headings and text."""

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from tests.rag.parsing.parsed import parse


def test_each_record_is_one_row_with_the_paths_of_its_values() -> None:
    document = parse(
        "shop.json",
        b'[{"name": "Chair", "price": {"amount": 49, "currency": "EUR"}, "colors": ["red", "blue"], "stock": true},'
        b' {"name": "Table", "variants": [{"size": "S", "price": 1}]}]',
    )

    assert [block.text for block in document.blocks] == [
        "name: Chair; price.amount: 49; price.currency: EUR; colors: red, blue; stock: yes",
        "name: Table; variants.size: S; variants.price: 1",
    ]


def test_an_object_of_texts_reads_as_headings_and_text() -> None:
    document = parse("help", b'{"title": "Help", "returns": "Within 30 days.", "faq": [{"q": "Where?", "a": "Paris"}]}')

    assert document.title == "Help"
    assert [(block.heading, block.text) for block in document.blocks if block.text != "title: Help"] == [
        (("returns",), "Within 30 days."),
        (("faq",), "q: Where?; a: Paris"),
    ]


def test_a_bad_line_of_json_lines_is_told_and_the_others_are_read() -> None:
    document = parse("a.jsonl", b'{"q": "Where?"}\n{"q": "When?"}\nno json\n')

    assert [(block.text, str(block.place)) for block in document.blocks] == [
        ("q: Where?", "line 1"),
        ("q: When?", "line 2"),
    ]
    assert document.warnings == ("Line 3 is no JSON and was left out.",)


@pytest.mark.parametrize("content", [b"[" * 500_000, b'{"a":' * 200_000, b"{not json}"])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableDocument) as refusal:
        parse("a.json", content)

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_a_text_that_begins_with_a_bracket_is_a_text() -> None:
    assert parse("notes.txt", b"[1] See the guide.").blocks[0].text == "[1] See the guide."


def test_decimals_are_kept_as_they_are_written() -> None:
    document = parse("a.json", b'[{"price": 19.90, "ratio": 1e400, "sum": 12345678901234567890.10}]')

    assert [block.text for block in document.blocks] == ["price: 19.90; ratio: 1e400; sum: 12345678901234567890.10"]
