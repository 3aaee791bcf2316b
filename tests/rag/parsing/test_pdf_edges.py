"""What stands at the edges of a PDF's pages: running heads and page numbers go, nothing else does."""

from tests.rag.parsing.parsed import parse
from tests.rag.parsing.pdf_files import Drawn, make_drawn_pdf, make_pdf

ANIMALS = ("cats", "dogs", "owls", "fish", "bees")


def texts(pages: list[list[Drawn]]) -> list[str]:
    return [block.text for block in parse("a.pdf", make_drawn_pdf(pages)).blocks]


def test_a_running_head_stands_once_and_page_numbers_that_count_up_go() -> None:
    pages = [
        [Drawn(60, 40, "Handbook of animals", 9), Drawn(60, 200, f"About {animal}."), Drawn(290, 800, f"- {number} -")]
        for number, animal in enumerate(ANIMALS, start=7)
    ]

    assert texts(pages) == ["Handbook of animals", *(f"About {animal}." for animal in ANIMALS)]


def test_a_running_head_and_the_number_beside_it_are_told_apart() -> None:
    pages = [
        [Drawn(60, 40, "Handbook", 9), Drawn(400, 40, f"Page {number} of 5", 9), Drawn(60, 200, f"About {animal}.")]
        for number, animal in enumerate(ANIMALS, start=1)
    ]

    assert texts(pages) == ["Handbook", *(f"About {animal}." for animal in ANIMALS)]


def test_roman_page_numbers_go_where_they_count_up() -> None:
    numbers = ("iii", "iv", "v", "vi", "vii")
    pages = [
        [Drawn(60, 200, f"About {animal}."), Drawn(290, 800, number)]
        for number, animal in zip(numbers, ANIMALS, strict=True)
    ]

    assert texts(pages) == [f"About {animal}." for animal in ANIMALS]


def test_lines_that_differ_by_a_number_alone_are_kept() -> None:
    """A catalogue has a page for each product, which says the same of each but for its numbers."""
    pages = [
        [
            Drawn(60, 40, f"Model {model}"),
            Drawn(60, 200, "It is sold in a case with a set of accessories."),
            Drawn(60, 780, f"Weight: {model / 100} kg"),
            Drawn(60, 800, f"Price: {price} EUR"),
        ]
        for model, price in ((204, 89), (310, 64), (412, 72), (518, 129))
    ]

    found = texts(pages)

    for model, price in ((204, 89), (310, 64), (412, 72), (518, 129)):
        assert f"Model {model}" in found
        assert f"Price: {price} EUR" in found


def test_sections_that_count_up_with_the_pages_are_kept() -> None:
    pages = [
        [
            Drawn(60, 40, f"Section {number}"),
            Drawn(60, 200, f"About {animal}."),
            Drawn(60, 800, f"1 Note on {animal}.", 8),
        ]
        for number, animal in enumerate(ANIMALS, start=1)
    ]

    found = texts(pages)

    assert [text for text in found if text.startswith("Section")] == [f"Section {number}" for number in range(1, 6)]
    assert [text for text in found if text.startswith("1 Note")] == [f"1 Note on {animal}." for animal in ANIMALS]


def test_a_number_at_the_edge_that_does_not_count_up_is_kept() -> None:
    numbers = ("112", "7", "1450", "31")
    pages = [[Drawn(60, 200, "Visitors of the day:"), Drawn(290, 800, number)] for number in numbers]

    assert [text for text in texts(pages) if text in numbers] == list(numbers)


def test_a_table_of_contents_is_no_text() -> None:
    contents = "Introduction . . . . . . . . . 1\nDelivery ........... 12\nReturns ............. 15\nIndex ..... 31"

    document = parse("guide.pdf", make_pdf([contents, "Parcels come in three days."]))

    assert [block.text for block in document.blocks] == ["Parcels come in three days."]


def test_a_price_list_with_dots_before_its_prices_is_text() -> None:
    menu = "Espresso ........... 2.50\nCappuccino ........ 3.20\nTea ............. 2.80\nWater ........ 1.50"

    document = parse("menu.pdf", make_pdf([menu]))

    assert [block.text for block in document.blocks] == [
        "Espresso: 2.50",
        "Cappuccino: 3.20",
        "Tea: 2.80",
        "Water: 1.50",
    ]


def test_a_line_with_dots_on_a_page_of_text_is_text() -> None:
    document = parse("a.pdf", make_pdf(["Signed on ................ 12\nThe parties agree on the terms that follow."]))

    assert [block.text for block in document.blocks] == ["Signed on: 12", "The parties agree on the terms that follow."]
