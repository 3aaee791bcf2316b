"""What pages say of themselves for machines: dates, where they stand and products, in each way to write it."""

from datetime import UTC, datetime

import pytest

from rag.parsing import FileType
from rag.parsing.document import BlockKind, ParsedDocument
from rag.parsing.reading import parse_as

TEXT = "<p>Hedge shears cut branches of up to two centimetres with little effort.</p>"
NINE = datetime(2024, 5, 3, 9, 30, tzinfo=UTC)
DAY = datetime(2024, 6, 1, tzinfo=UTC)


def read(body: str, head: str = "") -> ParsedDocument:
    """Read a page whose title is "Hedge shears"."""
    page = f"<html><head><title>Hedge shears</title>{head}</head><body>{body}</body></html>"
    return parse_as(FileType.HTML, page.encode())


def linked(text: str) -> str:
    """Return JSON-LD for the head of a page."""
    return f'<script type="application/ld+json">{{"@context": "https://schema.org", {text}}}</script>'


def lines(document: ParsedDocument) -> list[str]:
    """Return what the page does not show as text."""
    return [block.text for block in document.blocks if block.kind in {BlockKind.TABLE_ROW, BlockKind.FORM_FIELD}]


ARTICLE = f"<main><article><h1>Hedge shears</h1>{TEXT}</article></main>"
DATES = {
    "JSON-LD": (
        linked(
            '"@graph": [{"@type": "Comment", "datePublished": "2020-01-01"}, {"@type": ["NewsArticle"],'
            '"datePublished": "2024-05-03T11:30:00+02:00", "dateModified": "2024-06-01"}]'
        ),
        ARTICLE,
    ),
    "microdata": (
        "",
        (
            f"<article itemscope itemtype='https://schema.org/BlogPosting'><h1>Hedge shears</h1>{TEXT}"
            "<meta itemprop=datePublished content='2024-05-03T09:30:00Z'>"
            "<meta itemprop='dateModified' content='2024-06-01'></article>"
        ),
    ),
    "RDFa": (
        "",
        (
            f"<article vocab='https://schema.org/' typeof='TechArticle'><h1 property=headline>Hedge shears</h1>{TEXT}"
            "<span property=datePublished content='2024-05-03T09:30:00Z'></span>"
            "<span property='schema:dateModified' content='2024-06-01'></span></article>"
        ),
    ),
    "OpenGraph": (
        (
            "<meta property='article:published_time' content='2024-05-03T09:30:00Z'>"
            "<meta property='article:modified_time' content='Sat, 01 Jun 2024 00:00:00 GMT'>"
        ),
        ARTICLE,
    ),
    "Dublin Core": (
        "<meta name='DC.date.issued' content='2024-05-03T09:30:00Z'><meta name='DCTERMS.modified' content=2024-06-01>",
        ARTICLE,
    ),
}


@pytest.mark.parametrize("way", DATES)
def test_the_dates_of_a_page_are_kept_and_said_in_its_text(way: str) -> None:
    head, body = DATES[way]

    document = read(body, head)

    assert (document.published_at, document.modified_at) == (NINE, DAY)
    assert lines(document) == ["Published: 2024-05-03", "Modified: 2024-06-01"]


@pytest.mark.parametrize(
    "times",
    [
        (
            "<time class='entry-date published' datetime='2024-05-03T09:30:00Z'>3 May</time>"
            "<time class=updated datetime=2024-06-01>1 June</time>"
        ),
        "<time pubdate datetime='2024-05-03T09:30:00Z'>3 May</time> <time itemprop=dateModified>2024-06-01</time>",
    ],
)
def test_dates_that_are_shown_are_kept_and_not_said_again(times: str) -> None:
    document = read(f"<main><article><h1>Hedge shears</h1>{times}{TEXT}</article></main>")

    assert (document.published_at, document.modified_at) == (NINE, DAY)
    assert lines(document) == []


@pytest.mark.parametrize(
    "body",
    [
        f"<main>{TEXT}<p>Next courses: <time datetime=2024-05-03>3 May</time>, <time datetime=2024-06-01>1 June</time>",
        f"<main>{TEXT}<p>Published in spring</p>" + linked('"@type": "Review", "datePublished": "2024-05-03"'),
        f"<main>{TEXT}" + linked('"@type": "Article", "datePublished": "soon", "dateModified": 7e99'),
        f"<main>{TEXT}" + linked('"@type": "Article", "datePublished": "0001-01-01"'),
    ],
    ids=["dates of something else", "the date of a review", "no dates", "a year that no page is of"],
)
def test_what_is_no_date_of_the_page_is_none(body: str) -> None:
    document = read(body)

    assert (document.published_at, document.modified_at) == (None, None)


def _crumb(position: int, name: str) -> str:
    item = f'{{"@id": "https://shop.example/{position}", "name": "{name}"}}'
    return f'{{"@type": "ListItem", "position": {position}, "item": {item}}}'


def _marked(item: str, kind: str, of: str) -> str:
    """Return a trail of breadcrumbs in microdata or RDFa Lite."""
    steps = "".join(
        f"<li {of}=itemListElement {item.format('ListItem')}><a {of}=item {kind} href='/{number}'>"
        f"<span {of}=name>{name}</span></a><meta {of}=position content={number}></li>"
        for number, name in enumerate(("Garden", "Tools", "Hedge shears"), 1)
    )
    return f"<ol {item.format('BreadcrumbList')}>{steps}</ol>"


CRUMBS = {
    "JSON-LD": linked(
        f'"@type": "BreadcrumbList", "itemListElement": [{_crumb(2, "Tools")}, {_crumb(1, "Garden")},'
        '{"@type": "ListItem", "position": 3, "name": "Hedge shears"}]'
    ),
    "microdata": _marked("itemscope itemtype='https://schema.org/{}'", "", "itemprop"),
    "RDFa": _marked("typeof='{}'", "typeof=WebPage", "property"),
    "no data": "<nav aria-label=Breadcrumb><a href=/>Garden</a> › <a href=/tools>Tools</a> › <a>Hedge shears</a></nav>",
}


@pytest.mark.parametrize("way", CRUMBS)
def test_breadcrumbs_are_the_headings_above_a_page(way: str) -> None:
    document = read(
        f"{CRUMBS[way]}<main><h1>Hedge shears</h1>{TEXT}<h2>Care</h2><p>Oil the blades each autumn.</p></main>"
    )

    headings = {block.text: block.heading for block in document.blocks}
    assert headings["Oil the blades each autumn."] == ("Garden", "Tools", "Care")
    assert headings[TEXT.removeprefix("<p>").removesuffix("</p>")] == ("Garden", "Tools")
    assert document.title == "Hedge shears"


OFFER = '"offers": {"@type": "Offer", "price": "89.90", "priceCurrency": "EUR", "availability": "https://schema.org/InStock"}'
PRODUCTS = {
    "JSON-LD": linked(
        '"@type": "Product", "name": "Shears <b>X2</b>", "brand": {"@type": "Brand", "name": "Field"}, "sku": "4711",'
        f'"gtin13": "4006381333931", {OFFER}'
    ),
    "microdata": "<div itemscope itemtype='https://schema.org/Product'><meta itemprop=name content='Shears X2'>"
    "<div itemprop=brand itemscope itemtype='http://schema.org/Brand'><meta itemprop=name content=Field></div>"
    "<meta itemprop=sku content=4711><meta itemprop=gtin13 content=4006381333931>"
    "<div itemprop=offers itemscope itemtype='https://schema.org/Offer'><meta itemprop=price content=89.90>"
    "<meta itemprop=priceCurrency content=EUR><link itemprop=availability href='https://schema.org/InStock'></div></div>",
    "RDFa": "<div vocab='https://schema.org/' typeof=Product><meta property=name content='Shears X2'>"
    "<div property=brand typeof=Brand><meta property=name content=Field></div>"
    "<meta property=sku content=4711><meta property=gtin13 content=4006381333931>"
    "<div property=offers typeof=Offer><meta property=price content=89.90><meta property=priceCurrency content=EUR>"
    "<link property=availability href='https://schema.org/InStock'></div></div>",
}
OPEN_GRAPH = (
    "<meta property='og:type' content=product><meta property='og:title' content='Shears X2'>"
    "<meta property='product:brand' content=Field><meta property='product:retailer_item_id' content=4711>"
    "<meta property='product:price:amount' content=89.90><meta property='product:price:currency' content=EUR>"
    "<meta property='product:availability' content='in stock'>"
)
LINE = "name: Shears X2; brand: Field; sku: 4711; gtin13: 4006381333931; price: 89.90 EUR; availability: in stock"


@pytest.mark.parametrize("way", PRODUCTS)
def test_a_product_is_a_line_of_columns(way: str) -> None:
    assert lines(read(f"<main><h1>Hedge shears</h1>{TEXT}</main>{PRODUCTS[way]}")) == [LINE]


def test_a_product_of_open_graph_is_a_line_and_not_said_twice() -> None:
    assert lines(read(f"<main>{TEXT}</main>", OPEN_GRAPH)) == [LINE.replace(" gtin13: 4006381333931;", "")]
    assert lines(read(f"<main>{TEXT}</main>", OPEN_GRAPH + PRODUCTS["JSON-LD"])) == [LINE]


def test_prices_from_to_and_of_a_specification_are_read() -> None:
    span = '"offers": {"@type": "AggregateOffer", "lowPrice": 10, "highPrice": 20.5, "priceCurrency": "CHF"}'
    named = '"offers": [{"priceSpecification": {"price": 7, "priceCurrency": "GBP"}, "availability": "SoldOut"}]'
    head = linked(
        f'"@graph": [{{"@type": "Product", "name": "A", {span}}}, {{"@type": "Product", "name": "B", {named}}}]'
    )

    assert lines(read(f"<main>{TEXT}</main>", head)) == [
        "name: A; price: 10 – 20.5 CHF",
        "name: B; price: 7 GBP; availability: sold out",
    ]


@pytest.mark.parametrize(
    "way", ["itemscope itemtype=Product itemprop=x", "typeof=Product property=x", "class=breadcrumb"]
)
def test_a_page_of_nothing_but_items_is_read_in_a_time_that_grows_with_its_length(way: str) -> None:
    nested = f"<div {way}>word " * 300 + "</div>" * 300
    document = read(f"<main>{TEXT}</main>{nested * 60}")

    assert document.title == "Hedge shears"
