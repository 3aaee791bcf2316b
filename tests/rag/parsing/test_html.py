import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing.document import Block, BlockKind
from tests.rag.parsing.parsed import parse

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title> Help &amp; contact </title><style>p { color: red }</style></head>
<body>
<header><a href="/">Home</a></header>
<nav><ul><li>Menu</li></ul></nav>
<main>
<header><h1>Help</h1></header>
<p>Write to <b>us</b>,<br>we ans<i>wer</i>.<script>track()</script></p>
<h2 id="delivery">Delivery<a href="#delivery">¶</a></h2>
<div>Loose text <p>and a paragraph.</p> The rest.</div>
<ul><li>by <a href="x">post</a><ul><li>fast</li></ul></li><li>by bike</ul>
<table><caption>Prices</caption><tr><th>place</th><th>price</th></tr><tr><td>Paris</td><td>3 €</td></tr></table>
<pre>if paid:
    send()</pre>
<form><select><option>France</option></select><button>Send</button></form>
<p hidden>Secret</p>
</main>
<aside>Advertisement</aside>
<footer>Legal</footer>
</body></html>"""


def test_the_main_part_of_a_page_is_read_without_its_menus() -> None:
    document = parse("help.html", PAGE.encode())

    assert document.title == "Help & contact"
    assert document.blocks == [
        Block("Write to us, we answer.", ("Help",)),
        Block("Loose text", ("Help", "Delivery")),
        Block("and a paragraph.", ("Help", "Delivery")),
        Block("The rest.", ("Help", "Delivery")),
        Block("- by post", ("Help", "Delivery"), kind=BlockKind.LIST_ITEM),
        Block("- fast", ("Help", "Delivery"), kind=BlockKind.LIST_ITEM),
        Block("- by bike", ("Help", "Delivery"), kind=BlockKind.LIST_ITEM),
        Block("Prices", ("Help", "Delivery"), kind=BlockKind.TABLE_ROW),
        Block("place: Paris; price: 3 €", ("Help", "Delivery"), kind=BlockKind.TABLE_ROW),
        Block("if paid:\n    send()", ("Help", "Delivery"), kind=BlockKind.CODE),
    ]


def test_a_page_that_marks_no_main_part_is_read_whole_without_banner_and_footer() -> None:
    document = parse("a.html", b"<html><body><header>Top</header><p>Text<footer>Legal</footer></body></html>")

    assert [block.text for block in document.blocks] == ["Text"]


@pytest.mark.parametrize(
    "page",
    [
        "<!doctype html><title>Library</title><p>It opens at nine.",
        "<!doctype html><title>Library</title><main><p>It opens at nine.</main>",
        "<!doctype html><meta charset=utf-8><title>Library</title><header><p>It opens at nine.</header>",
        "<title>Library</title><my-page><div>It opens at nine.</div></my-page>",
        "<!doctype html><title>Library</title><footer>It opens at nine.</footer>",
        "<html><head><title>Library</title></head><article>It opens at nine.</article></html>",
        "<HTML><HEAD><TITLE>Library</TITLE></HEAD><BODY>It opens at nine.</BODY></HTML>",
        "<title>Library</title>It opens at nine.",
        "<html><head><title>Library</title></head></html><p>It opens at nine.",
        "<title>Library</title><body style='visibility: hidden'><p>It opens at nine.",
        "<title>Library</title><my-card><template shadowrootmode=open>It opens at nine.</template></my-card>",
        '<?xml version="1.0"?><html><title>Library</title><style/><p><![CDATA[It opens at nine.]]></p></html>',
    ],
)
def test_a_page_may_leave_out_head_and_body_or_hold_one_element(page: str) -> None:
    document = parse("a.html", page.encode())

    assert document.title == "Library"
    assert [block.text for block in document.blocks] == ["It opens at nine."]


def test_what_stands_behind_the_end_of_a_page_is_read() -> None:
    document = parse("a.html", b"<html><body><p>One</p></body></html><p>Two</p><body><main>Three</main></body></html>")

    assert [block.text for block in document.blocks] == ["One", "Two", "Three"]


@pytest.mark.parametrize("fragment", ["<p>One<p>Two", "<div>One</div><section>Two</section>", "One<br><br>Two"])
def test_a_piece_of_a_page_is_read(fragment: str) -> None:
    assert "\n".join(block.text for block in parse("a.html", fragment.encode()).blocks) == "One\nTwo"


def test_a_table_that_lays_out_a_page_is_read_as_a_page() -> None:
    document = parse("a.html", b"<html><table><tr><td><h2>Hours</h2>Nine to five<td><h2>Place</h2>Paris</table></html>")

    assert document.blocks == [Block("Nine to five", ("Hours",)), Block("Paris", ("Place",))]


def test_the_page_s_own_encoding_is_believed_if_it_holds() -> None:
    page = '<html><meta charset="{}"><p>Prêt à coûter</p></html>'

    assert parse("a.html", page.format("iso-8859-15").encode("iso-8859-15")).blocks[0].text == "Prêt à coûter"
    assert parse("a.html", page.format("ascii").encode("utf-8")).blocks[0].text == "Prêt à coûter"
    assert parse("a.html", page.format("no-such").encode("cp1252")).blocks[0].text == "Prêt à coûter"
    assert parse("a.html", page.format("hex").encode("utf-8")).blocks[0].text == "Prêt à coûter"


def test_elements_nested_without_end_are_refused() -> None:
    with pytest.raises(UnreadableDocument, match="nested too deeply") as refusal:
        parse("deep.html", b"<html>" + b"<div>" * 100_000 + b"text")

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_a_page_drawn_by_a_script_has_no_text() -> None:
    with pytest.raises(UnreadableDocument) as refusal:
        parse("app.html", b"<html><body><div id=app></div><script>start()</script></body></html>")

    assert refusal.value.code == ErrorCode.FILE_WITHOUT_TEXT


def texts(page: str) -> list[tuple[tuple[str, ...], str]]:
    return [
        (block.heading, block.text)
        for block in parse("page.html", f"<html><title>Site</title><body>{page}".encode()).blocks
    ]


@pytest.mark.parametrize(
    "panel",
    [
        "<h2><button aria-expanded=false>Who pays?</button></h2><div hidden><p>The sender.</p></div>",
        "<h2><button aria-expanded=false>Who pays?</button></h2><div aria-hidden=true><p>The sender.</p></div>",
        "<details><summary>Who pays?</summary><p>The sender.</p></details>",
        "<button class=accordion>Who pays?</button><div class=panel style='display:none'><p>The sender.</p></div>",
        "<button aria-controls=a>Who pays?</button><p>x</p><div id=a style='display: none'><p>The sender.</p></div>",
        "<ul role=tablist><li><a role=tab href='#a'>Who pays?</a></ul><div role=tabpanel id=a hidden>The sender.</div>",
        "<input type=checkbox id=c><label for=c>Who pays?</label><div><p>The sender.</p></div>",
        "<div class=faq-question>Who pays?</div><div class=faq-answer style='display:none'>The sender.</div>",
        "<dl><dt><button aria-expanded=false>Who pays?</button></dt><dd hidden><ul><li>The sender.</ul></dd></dl>",
    ],
    ids=["hidden", "aria-hidden", "details", "class", "aria-controls", "tabs", "checkbox", "divs", "terms"],
)
def test_a_panel_that_a_control_opens_is_read_under_its_words(panel: str) -> None:
    read = texts(f"<main><h1>Help</h1>{panel}<h2>End</h2><p>The end.</p></main>")

    assert next(heading for heading, text in read if text.removeprefix("- ") == "The sender.")[-1] == "Who pays?"
    assert read[-1] == (("Help", "End"), "The end.")


@pytest.mark.parametrize(
    "unseen", ["<div style='display:none'>", "<p class=sr-only>", "<div hidden>", "<template>", "<div role=dialog>"]
)
def test_what_nobody_can_open_is_not_text(unseen: str) -> None:
    assert [text for _, text in texts(f"<p>Open daily.</p>{unseen}Secret")] == ["Open daily."]


def test_a_lone_article_that_is_a_teaser_is_not_the_page() -> None:
    read = texts(
        "<div><h1>Hours</h1><p>Open Tuesday to Saturday from 6:30 to 18:00.</p><p>On Sundays until noon.</p></div>"
        "<div><article><h3>New: rye bread</h3><p>Since May.</p></article></div>"
    )

    assert (("Hours",), "Open Tuesday to Saturday from 6:30 to 18:00.") in [(path[-1:], text) for path, text in read]


def test_a_header_that_holds_text_stays() -> None:
    assert [
        text for _, text in texts("<header><h1>Terms</h1><p>The deposit is 200 euros.</p></header><p>By the day.</p>")
    ] == [
        "The deposit is 200 euros.",
        "By the day.",
    ]


def test_merged_cells_are_repeated_and_headers_joined() -> None:
    read = texts(
        "<table><thead><tr><th rowspan=2>Visitor<th colspan=2>Price<tr><th>Day<th>Month</thead>"
        "<tr><td rowspan=2>Adult<td>7<td>45<tr><td>8<td>50</table>"
    )

    assert [text for _, text in read] == [
        "Visitor: Adult; Price Day: 7; Price Month: 45",
        "Visitor: Adult; Price Day: 8; Price Month: 50",
    ]


def test_lists_have_their_numbers_and_terms_their_definitions() -> None:
    read = texts(
        "<ol start=3><li>Press<li value=7>Hold<ol type=a><li>long</ol><li>Wait</ol><ol reversed><li>b<li>a</ol>"
        "<dl><dt>Weight</dt><dd>5 kg</dd><dt>Free?</dt><dd>Yes</dd></dl>"
    )

    assert [text for _, text in read] == [
        *("3. Press", "7. Hold", "a. long", "8. Wait", "2. b", "1. a"),
        *("Weight: 5 kg", "Free? Yes"),
    ]


def test_controls_are_read_with_their_values() -> None:
    read = texts(
        "<form><p>Order</p><label for=s>Size</label><select id=s><option>S<option>M</select>"
        "<label><input type=checkbox checked> Gift wrap</label><label>Name <input></label><button>Send</button></form>"
    )

    assert [text for _, text in read] == ["Order", "Size: S, M", "Gift wrap: yes"]


def test_lists_of_other_pages_and_notices_are_left_out() -> None:
    prose = "<p>We deliver to every town of the country within three days, by post or by courier, as you like.</p>" * 3
    read = texts(
        f"<div class=cookie-banner><p>We use cookies.</p><button>Accept</button></div><main><h1>Delivery</h1>{prose}"
        "<h3>Related articles</h3><ul><li><a href=x>Ten towns to see</a><li><a href=y>Five more towns</a></ul>"
        "<h3>Share my account with family</h3><p>You can share it with up to five people who live with you.</p></main>"
    )

    assert {text for _, text in read[:3]} == {prose[3 : prose.index("</p>")]}
    assert [text for _, text in read[3:]] == ["You can share it with up to five people who live with you."]
    assert read[3][0][-1] == "Share my account with family"


def test_the_data_for_search_engines_is_read_where_the_page_does_not_show_it() -> None:
    data = (
        '{"@graph": [{"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "To Corsica?", '
        '"acceptedAnswer": {"@type": "Answer", "text": "<p>Within <b>5 days</b>.</p>"}}]}, '
        '{"@type": "Product", "name": "Drill", "offers": {"price": "89.90", "priceCurrency": "EUR"}}]}'
    )
    read = texts(f"<script type='application/ld+json'>{data}</script><p>Our shop.</p>")

    assert read == [
        ((), "Our shop."),
        (("To Corsica?",), "Within 5 days."),
        ((), "name: Drill; price: 89.90 EUR"),
    ]


def test_letters_of_utf_8_are_that_whatever_the_page_declares() -> None:
    page = "<html><meta charset=iso-8859-1><p>Prêt à coûter</p></html>"

    assert parse("a.html", page.encode()).blocks[0].text == "Prêt à coûter"
