"""Workbooks: a line for each row, as the cells are displayed, with where it stands."""

from rag.parsing.document import Block, BlockKind, Place, Unit
from tests.rag.parsing.office_files import Cells, make_odf, make_xlsx, sheet
from tests.rag.parsing.ole_files import make_xls
from tests.rag.parsing.parsed import parse

PRICES: Cells = {"B3": "Item", "C3": "Price", "B4": "Tea", "C4": 2, "B5": "Coffee", "C5": 3}


def lines(cells: Cells, more: str = "", before: str = "") -> list[tuple[str, str]]:
    """Return (cells, text) of the blocks of a workbook with one sheet."""
    document = parse("a.xlsx", make_xlsx({"One": sheet(cells, more, before)}, title="T"))
    return [(block.place.cells if block.place else "", block.text) for block in document.blocks]


def test_a_row_is_a_line_under_its_sheet_with_the_cells_that_it_fills() -> None:
    document = parse("a.xlsx", make_xlsx({"Prices": sheet(PRICES), "Hours": sheet({"A1": "Monday"})}, title="The pool"))

    assert document.title == "The pool"
    assert document.blocks == [
        Block("Item: Tea; Price: 2", ("Prices",), Place(Unit.SHEET, 1, "Prices", "B4:C4"), BlockKind.TABLE_ROW),
        Block("Item: Coffee; Price: 3", ("Prices",), Place(Unit.SHEET, 1, "Prices", "B5:C5"), BlockKind.TABLE_ROW),
        Block("Monday", ("Hours",), Place(Unit.SHEET, 2, "Hours", "A1"), BlockKind.TABLE_ROW),
    ]


def test_hidden_sheets_rows_and_columns_are_left_out_and_addresses_stay_true() -> None:
    hidden = sheet(PRICES, before='<cols><col min="2" max="2" hidden="1"/></cols>').replace(
        '<row r="4">', '<row r="4" hidden="1">'
    )

    document = parse("a.xlsx", make_xlsx({"One": hidden, "Two": sheet({"A1": "x"})}, title="T", hidden="Two"))

    assert [(str(block.place), block.text) for block in document.blocks] == [("One, C3", "Price"), ("One, C5", "3")]
    assert document.warnings == ("The sheet “Two” is hidden and not read.",)


def test_numbers_dates_and_times_are_read_as_they_are_displayed() -> None:
    formats = ["0.0%", "yyyy-mm-dd", "h:mm", '"€" #,##0.00', "[h]:mm", "#,##0"]
    numbers = [0.125, 46_000, 0.375, 1_234.5, 1.5, 1_000_000]
    cells: Cells = {
        f"{letter}1": (number, at) for at, (letter, number) in enumerate(zip("ABCDEF", numbers, strict=True), 1)
    }

    document = parse("a.xlsx", make_xlsx({"One": sheet(cells)}, title="T", formats=formats))

    assert [block.text for block in document.blocks] == ["12.5% | 2025-12-09 | 09:00 | € 1,234.50 | 36:00 | 1,000,000"]


def test_merged_cells_are_repeated_and_a_title_over_a_table_is_text() -> None:
    cells: Cells = {
        "A1": "Tariff 2026", "A3": "Visitor", "B3": "Ticket", "C3": "Price", "A4": "Adult", "B4": "Day", "C4": 7,
        "B5": "Month", "C5": 45,
    }  # fmt: skip
    merged = '<mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="A4:A5"/></mergeCells>'
    expected = [
        ("A4:C4", "Visitor: Adult; Ticket: Day; Price: 7"),
        ("A5:C5", "Visitor: Adult; Ticket: Month; Price: 45"),
    ]

    assert lines(cells, merged)[-2:] == expected
    assert lines(cells, merged)[0][1] == "Tariff 2026"
    joined: Cells = {("A2" if address == "A1" else address): value for address, value in cells.items()}
    assert lines(joined, merged.replace("A1:C1", "A2:C2")) == [("A2:C2", "Tariff 2026"), *expected]


def test_a_table_goes_on_below_a_blank_row_with_the_names_of_its_columns() -> None:
    cells: Cells = {**PRICES, "B7": "Cake", "C7": 4}

    assert lines(cells)[-1] == ("B7:C7", "Item: Cake; Price: 4")


def test_two_columns_without_numbers_are_names_and_values() -> None:
    assert lines({"A1": "Monday", "B1": "9 to 5", "A2": "Tuesday", "B2": "closed"}) == [
        ("A1:B1", "Monday: 9 to 5"),
        ("A2:B2", "Tuesday: closed"),
    ]


def test_the_name_of_a_column_without_values_is_kept() -> None:
    cells: Cells = {
        "A1": "Item",
        "B1": "Price",
        "C1": "Remarks by telephone",
        "A2": "Tea",
        "B2": 2,
        "A3": "Cake",
        "B3": 3,
    }

    assert lines(cells) == [
        ("A1:C1", "Item | Price | Remarks by telephone"),
        ("A2:B2", "Item: Tea; Price: 2"),
        ("A3:B3", "Item: Cake; Price: 3"),
    ]


def test_cells_far_from_the_first_are_read_without_a_grid_between() -> None:
    assert [text for _, text in lines({"XFC1048570": "Item", "XFD1048570": "Price"})] == ["Item: Price"]


def test_more_rows_than_others_read_are_read() -> None:
    cells: Cells = {f"A{number}": f"item {number}" for number in range(1, 12_001)}

    assert lines(cells)[-1] == ("A12000", "item 12000")


def test_a_sheet_of_opendocument_is_read_like_others() -> None:
    def row(*cells: str) -> str:
        filled = (f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        return f"<table:table-row><table:table-cell/>{''.join(filled)}</table:table-row>"

    automatic = (
        '<style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    empty = '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    body = (
        f'<table:table table:name="Prices">{empty}{row("Item", "Price")}{row("Tea", "2 €")}</table:table>'
        f'<table:table table:name="Secret" table:style-name="ta2">{row("x", "y")}</table:table>'
    )

    document = parse("a.ods", make_odf("spreadsheet", body, title="The pool", automatic=automatic))

    assert document.title == "The pool"
    assert [(str(block.place), block.text) for block in document.blocks] == [("Prices, B4:C4", "Item: Tea; Price: 2 €")]
    assert document.warnings == ("The sheet “Secret” is hidden and not read.",)


def test_a_workbook_of_excel_97_is_read() -> None:
    document = parse("a.xls", make_xls({"Prices": [["Item", "Price"], ["Tea", 2.5]], "Hours": [["Monday", "9 to 5"]]}))

    assert [(block.heading, block.text) for block in document.blocks] == [
        (("Prices",), "Item: Tea; Price: 2.5"),
        (("Hours",), "Monday: 9 to 5"),
    ]
