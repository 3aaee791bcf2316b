"""Tables, columns and forms of a PDF, which are nothing but words at their places."""

import pytest

from rag.parsing.document import BlockKind
from tests.rag.parsing.parsed import parse
from tests.rag.parsing.pdf_files import Drawn, Field, drawn_table, make_drawn_pdf

PRICES = [
    ["Article", "Material", "Delivery", "Price"],
    ["Chair Oslo", "oak", "3 days", "149 EUR"],
    ["Chair Turin", "beech", "5 days", "119 EUR"],
    ["Stool Nice", "steel", "3 days", "59 EUR"],
]
COLUMNS = [60, 200, 300, 400]
NOTE = "Orders above 1000 EUR are delivered free of charge."
PROSE = [
    "The rowing club was founded in the year", "of the great flood by nine fishermen who",
    "wanted a house for their boats. They built", "it from the wood that the river had left.",
    "Every spring the members paint its doors.",
]  # fmt: skip
MORE_PROSE = [
    "Today the house holds forty boats and a", "small museum. It is open on Sundays from",
    "ten to five. School classes come on other", "days when they write to the warden first.",
    "There is no fee for visitors under twelve.",
]  # fmt: skip


def texts(*pages: list[Drawn], kind: BlockKind | None = None, fields: tuple[Field, ...] = ()) -> list[str]:
    document = parse("a.pdf", make_drawn_pdf(pages, fields))
    return [block.text for block in document.blocks if kind in {None, block.kind}]


def column(lines: list[str], x: float, top: float = 100, size: float = 10) -> list[Drawn]:
    return [Drawn(x, top + 12 * number, line, size) for number, line in enumerate(lines)]


def test_each_row_of_a_table_is_a_line_that_names_its_columns() -> None:
    page = [*drawn_table(PRICES, COLUMNS), Drawn(60, 220, NOTE)]

    assert texts(page) == [
        "Article: Chair Oslo; Material: oak; Delivery: 3 days; Price: 149 EUR",
        "Article: Chair Turin; Material: beech; Delivery: 5 days; Price: 119 EUR",
        "Article: Stool Nice; Material: steel; Delivery: 3 days; Price: 59 EUR",
        NOTE,
    ]


def test_rows_in_larger_letters_than_the_notes_are_no_heading() -> None:
    large = [Drawn(each.x, 100 + (each.y - 100) * 1.3, each.text, 14) for each in drawn_table(PRICES, COLUMNS)]
    notes = [Drawn(60, 300 + 10 * number, NOTE * 2, 8) for number in range(12)]

    rows = texts([*large, *notes], kind=BlockKind.TABLE_ROW)

    assert "Article: Chair Turin; Material: beech; Delivery: 5 days; Price: 119 EUR" in rows


def test_a_table_drawn_column_by_column_is_read_row_by_row() -> None:
    cells = drawn_table(PRICES, COLUMNS)
    by_column = [cell for x in COLUMNS for cell in cells if cell.x == x]

    assert texts(by_column) == texts(cells)


def test_the_lines_of_a_cell_are_one_row() -> None:
    rows = [
        ["Machine", "Use", "Day"],
        ["Excavator", "digs trenches of up\nto two metres in soft\nground", "107 EUR"],
        ["Roller", "presses gravel", "64 EUR"],
        ["Small crane\nwith a driver", "lifts loads of up to\nthree tonnes", "310 EUR"],
    ]

    assert texts(drawn_table(rows, [60, 180, 320])) == [
        "Machine: Excavator; Use: digs trenches of up to two metres in soft ground; Day: 107 EUR",
        "Machine: Roller; Use: presses gravel; Day: 64 EUR",
        "Machine: Small crane with a driver; Use: lifts loads of up to three tonnes; Day: 310 EUR",
    ]


def test_cells_in_the_middle_of_a_row_belong_to_all_its_lines() -> None:
    def row(top: float, name: str, use: list[str], price: str) -> list[Drawn]:
        middle = top + 12
        return [Drawn(60, middle, name, 10), *column(use, 180, top), Drawn(320, middle, price, 10)]

    page = [
        Drawn(60, 80, "Machine", 10), Drawn(180, 80, "Use", 10), Drawn(320, 80, "Day", 10),
        *row(100, "Excavator", ["digs trenches of up", "to two metres in any", "soft ground"], "107 EUR"),
        *row(142, "Crane", ["lifts loads of up to", "three tonnes to roofs", "of four floors"], "310 EUR"),
    ]  # fmt: skip

    assert texts(page) == [
        "Machine: Excavator; Use: digs trenches of up to two metres in any soft ground; Day: 107 EUR",
        "Machine: Crane; Use: lifts loads of up to three tonnes to roofs of four floors; Day: 310 EUR",
    ]


def test_a_table_that_goes_on_on_the_next_page_keeps_the_names_of_its_columns() -> None:
    more = [["Desk Riga", "walnut", "3 weeks", "890 EUR"], ["Lamp Brno", "glass", "2 days", "85 EUR"]]

    rows = texts(drawn_table(PRICES, COLUMNS), drawn_table(more, COLUMNS))

    assert rows[-2:] == [
        "Article: Desk Riga; Material: walnut; Delivery: 3 weeks; Price: 890 EUR",
        "Article: Lamp Brno; Material: glass; Delivery: 2 days; Price: 85 EUR",
    ]


def test_a_list_with_its_marks_far_from_its_text_is_no_table() -> None:
    page = [Drawn(60, 100, "1."), Drawn(90, 100, "Press reset."), Drawn(60, 116, "2."), Drawn(90, 116, "Wait.")]

    assert texts(page, kind=BlockKind.LIST_ITEM) == ["1. Press reset.", "2. Wait."]


@pytest.mark.parametrize("second_top", [100, 106], ids=["on one height", "at other heights"])
def test_columns_of_text_are_read_one_after_the_other(second_top: float) -> None:
    page = [Drawn(60, 60, "The house on the river", 20), *column(PROSE, 60), *column(MORE_PROSE, 310, second_top)]

    assert texts(page) == [" ".join(PROSE), " ".join(MORE_PROSE)]


def test_columns_drawn_line_by_line_over_both_are_read_one_after_the_other() -> None:
    lines = zip(column(PROSE, 60), column(MORE_PROSE, 310), strict=True)

    assert texts([drawn for pair in lines for drawn in pair]) == [" ".join(PROSE), " ".join(MORE_PROSE)]


def test_a_word_cut_at_the_end_of_a_line_is_made_whole_and_a_name_keeps_its_hyphen() -> None:
    page = column(["The ware-", "house of Jean-", "Pierre is open."], 60)

    assert texts(page) == ["The warehouse of Jean-Pierre is open."]


def test_text_drawn_in_another_direction_is_kept_after_the_page() -> None:
    page = [Drawn(30, 400, "Draft of May", turned=True), *column(PROSE, 60)]

    assert texts(page) == [" ".join(PROSE), "Draft of May"]


def test_a_page_drawn_sideways_is_read_as_it_is_when_turned() -> None:
    page = [Drawn(100 + 12 * number, 500, line, 10, turned=True) for number, line in enumerate(PROSE)]

    assert texts(page) == [" ".join(PROSE)]


def test_the_values_of_a_form_stand_beside_their_labels() -> None:
    page = [
        Drawn(60, 60, "Maintenance contract", 14),
        Drawn(60, 100, "Machine:"),
        Drawn(60, 130, "Emergency phone:"),
        Drawn(60, 160, "Night service included:"),
        Drawn(80, 190, "I agree to the terms"),
        Drawn(60, 220, "Second phone:"),
    ]
    fields = (
        Field(200, 100, "Boiler Vesta 24"),
        Field(200, 130, "02 555 01 99"),
        Field(200, 160, True),
        Field(60, 190, False),
        Field(200, 220, ""),
    )

    assert texts(page, fields=fields)[-5:] == [
        "Machine: Boiler Vesta 24",
        "Emergency phone: 02 555 01 99",
        "Night service included: yes",
        "I agree to the terms: no",
        "Second phone:",
    ]
    assert len(texts(page, fields=fields, kind=BlockKind.FORM_FIELD)) == 4


def test_the_values_of_a_form_stand_beside_labels_above_them() -> None:
    page = [Drawn(60, 100, "First name"), Drawn(300, 100, "Town"), Drawn(60, 200, "Please sign here.")]

    assert texts(page, fields=(Field(60, 118, "Ada"), Field(300, 118, "Ghent"))) == [
        "First name: Ada",
        "Town: Ghent",
        "Please sign here.",
    ]
