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
