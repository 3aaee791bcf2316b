import pytest

from rag.parsing.document import Block, BlockKind
from tests.rag.parsing.parsed import parse

GUIDE = """# The guide

Welcome to *the* **guide**, see [the site](https://example.org "Site").

## Delivery ##

- by post
  within three days
- by bike

1. Order.
2. Wait.

| place | price |
|-------|:-----:|
| Paris | 3 €   |

```python
# no heading
def price():
    return 3
```

Returns
-------

### Refunds

> A refund takes
> five days.

***

The `snake_case` name, <b>bold</b> ![a parcel](parcel.png) <https://example.org/a>.
"""


def test_headings_lists_tables_and_code_are_kept_whole() -> None:
    document = parse("guide.md", GUIDE.encode())

    assert document.title == "The guide"
    assert document.blocks == [
        Block("Welcome to the guide, see the site."),
        Block("- by post within three days", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("- by bike", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("1. Order.", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("2. Wait.", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("place: Paris; price: 3 €", ("Delivery",), kind=BlockKind.TABLE_ROW),
        Block("# no heading\ndef price():\n    return 3", ("Delivery",), kind=BlockKind.CODE),
        Block("A refund takes five days.", ("Returns", "Refunds")),
        Block("The snake_case name, bold a parcel https://example.org/a.", ("Returns", "Refunds")),
    ]


def test_the_title_of_the_front_matter_comes_first() -> None:
    document = parse("a.md", b"---\ntitle: 'Opening hours'\nlayout: page\n---\n# Hours\n\nFrom nine to five.\n")

    assert document.title == "Opening hours"
    assert document.blocks == [Block("From nine to five.", ("Hours",))]


def test_a_heading_with_nothing_under_it_is_not_lost() -> None:
    document = parse("a.md", b"# Shop\n\n## Open on Sundays\n\n## Address\n\nMain street.\n\n## Closed in August\n")

    assert document.blocks == [
        Block("Open on Sundays"),
        Block("Main street.", ("Address",)),
        Block("Closed in August"),
    ]


def test_comments_and_link_definitions_are_not_text() -> None:
    document = parse(
        "a.md", b"<!-- a note\nto the author -->\nSee [the page][1].<!-- x -->\n\n[1]: https://example.org\n"
    )

    assert [block.text for block in document.blocks] == ["See the page."]


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "![" * 20_000, "*a_ " * 20_000, "# " + " " * 50_000 + "x", "|\n" + " " * 50_000 + "x",
     "~" * 50_000 + "`", "<a " * 20_000, "x <!--" * 20_000, "> " * 20_000 + "x", "`" * 50_000 + "x", "[a](" * 20_000],
    ids=lambda text: text[:4],
)  # fmt: skip
def test_lines_made_to_keep_a_parser_busy_are_read_like_any_other(text: str) -> None:
    # Each takes minutes where a repetition is tried at every place: the suite would not end.
    assert parse("a.md", text.encode() + b"\n\nend").blocks[-1].text == "end"


def test_a_footnote_stands_after_the_text_that_calls_it() -> None:
    document = parse(
        "a.md", b"Free in France[^1].\n\nOpen daily.\n\n[^1]: Corsica\n    excepted.\n[^2]: Never called.\n"
    )

    assert document.blocks == [
        Block("Free in France[1]."),
        Block("[1] Corsica excepted.", kind=BlockKind.NOTE),
        Block("Open daily."),
        Block("[2] Never called.", kind=BlockKind.NOTE),
    ]


def test_a_table_of_html_is_read_as_one() -> None:
    document = parse("a.md", b"Prices:\n\n<table><tr><th>Item<th>Price\n<tr><td>Pen<td>1 EUR</table>\n\nThe end.\n")

    assert [block.text for block in document.blocks] == ["Prices:", "Item: Pen; Price: 1 EUR", "The end."]


def test_entities_escaped_bars_and_breaks_are_what_a_reader_sees() -> None:
    document = parse("a.md", b"Caf&eacute; &amp; bar\\\nis **o**pen\n\n| a | b \\| c |\n|---|---|\n| 1 | `&amp;` |\n")

    assert [block.text for block in document.blocks] == ["Café & bar is open", "a: 1; b | c: &amp;"]
