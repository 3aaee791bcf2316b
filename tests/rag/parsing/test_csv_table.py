"""Tables as programs export them: a row names its columns, and its place is its line."""

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from tests.rag.parsing.parsed import parse


def lines(content: str) -> list[str]:
    return [block.text for block in parse("table.csv", content.encode()).blocks]


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


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("sep=;\nRef;Name;Price\nKX-204;Drill;89,90\n", ["Ref: KX-204; Name: Drill; Price: 89,90"]),
        ("Region;2023;2024\nNorth;1200;1340\n", ["Region: North; 2023: 1200; 2024: 1340"]),
        (",2023,2024\nNorth,1200,1340\n", ["North; 2023: 1200; 2024: 1340"]),
        ("Size,36,37,38\nStock,4,0,2\n", ["Size: Stock; 36: 4; 37: 0; 38: 2"]),
        ("Name,,Price\nChair,oak,59\n", ["Name: Chair; oak; Price: 59"]),
        ("Product,Price,Price\nChair,49,59\n", ["Product: Chair; Price: 49; Price: 59"]),
        ('Ref\tZip\n="00123"\t="01000"\n', ["Ref: 00123; Zip: 01000"]),
        (
            "List of March,,\nProduct,Price,Days\nChair,49 EUR,3\n",
            ["List of March", "Product: Chair; Price: 49 EUR; Days: 3"],
        ),
    ],
    ids=["sep", "years", "no first name", "numbers that count", "no name", "the same name", "kept zeros", "title"],
)
def test_a_header_is_told_from_values(content: str, expected: list[str]) -> None:
    assert lines(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Chair,beech,5 days\nTable,oak,3 days\n", ["Chair | beech | 5 days", "Table | oak | 3 days"]),
        ("a;1,5\nb;2,5\n", ["a | 1,5", "b | 2,5"]),
        ("1,5;2,5\n3,5;4,5\n", ["1,5 | 2,5", "3,5 | 4,5"]),
        ("Paris;France\nLyon;France\n", ["Paris | France", "Lyon | France"]),
    ],
)
def test_a_first_row_of_values_is_no_header(content: str, expected: list[str]) -> None:
    assert lines(content) == expected


def test_a_row_is_at_the_line_where_it_begins() -> None:
    document = parse("a.csv", b'sep=,\n\nname,text\nA,"two\nlines"\nB,one\n')

    assert [(block.text, str(block.place)) for block in document.blocks] == [
        ("name: A; text: two lines", "line 4"),
        ("name: B; text: one", "line 6"),
    ]


def test_cells_in_single_quotes_are_whole() -> None:
    document = parse("a.csv", b"'name','price'\n'Nut','0,80'\n'Bolt','1,20'\n")

    assert [block.text for block in document.blocks] == ["name: Nut; price: 0,80", "name: Bolt; price: 1,20"]
