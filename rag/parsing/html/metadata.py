"""What a page says of itself outside its text: title, language, dates, where it stands, and data for search engines."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import islice
from typing import Any

from lxml import etree

from rag.parsing.document import YEARS
from rag.parsing.html.structured_data import Node, as_list, kinds_of, structured_data
from rag.parsing.html.tree import few_words, words

MAX_CRUMBS = 6
MAX_CRUMB_CHARACTERS = 100
_MAX_PAIRS = 500
_MAX_OFFERS = 10
_MAX_VALUE_CHARACTERS = 2_000
_LANGUAGE = re.compile(r"[a-zA-Z]{2}")
_INLINE_TAG = re.compile(r"</?(?:a|b|em|i|span|strong|u)\b[^<>]{0,1000}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CRUMBS = re.compile(r"(?:^|[\s_-])bread-?crumbs?(?:$|[\s_-])", re.IGNORECASE)
_PRODUCT = ("brand", "sku", "gtin", "gtin8", "gtin12", "gtin13", "gtin14", "mpn", "color", "material", "size")
_OF_A_PAGE = ("Article", "Page", "Posting", "Report", "Recipe", "HowTo", "CreativeWork", "Course", "Dataset", "Guide")
"""Ends of the types that a page is of. What else has a date, as a comment has, says nothing of the page."""
_PUBLISHED = frozenset(
    {"article:published_time", "datepublished", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.issued"}
    | {"pubdate", "publish-date", "date"}
)
_MODIFIED = frozenset({"article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified"})
_TIME_PUBLISHED = re.compile(
    r"(?:^|[\s_-])(?:publi(?:shed|cation)?|pubdate|posted|entry-date)(?:$|[\s_-])", re.IGNORECASE
)
_TIME_MODIFIED = re.compile(r"(?:^|[\s_-])(?:updated|modified)(?:$|[\s_-])", re.IGNORECASE)
_OPEN_GRAPH = {
    "product:retailer_item_id": "sku",
    "product:brand": "brand",
    "product:ean": "gtin",
    "product:color": "color",
}
_OPEN_GRAPH_OFFER = {
    **dict.fromkeys(("product:price:amount", "og:price:amount"), "price"),
    **dict.fromkeys(("product:price:currency", "og:price:currency"), "priceCurrency"),
    **dict.fromkeys(("product:availability", "og:availability"), "availability"),
}


@dataclass(slots=True)
class Metadata:
    """What a page says of itself. `breadcrumbs` lead to the page, the outermost first, without the page itself.

    `questions` are pairs of question and answer; `products` are lines. `says_dates` tells that the dates are not shown
    in the text.
    """

    title: str = ""
    language: str = ""
    breadcrumbs: list[str] = field(default_factory=list)
    published_at: datetime | None = None
    modified_at: datetime | None = None
    says_dates: bool = False
    questions: list[tuple[str, str]] = field(default_factory=list)
    products: dict[str, str] = field(default_factory=dict)


def read_metadata(root: etree._Element) -> Metadata:
    """Read what a page says of itself."""
    metadata = Metadata(words(root.find(".//title")), _language(root))
    metas = [
        ((meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower(), meta.get("content"))
        for meta in root.iter("meta")
    ]
    named = {name: content for name, content in reversed(metas) if name and content}
    metadata.title = metadata.title or named.get("og:title", "") or words(root.find(".//h1"))
    for node in structured_data(root):
        _read_node(node, metadata)
    _read_dates(named, metadata)
    metadata.says_dates = metadata.published_at is not None or metadata.modified_at is not None
    _read_times(root, metadata)
    if (product := _open_graph(named)) is not None:
        _add_product(product, metadata)
    metadata.breadcrumbs = _leading(metadata.breadcrumbs or _shown_crumbs(root), root, metadata.title)
    return metadata


def _language(root: etree._Element) -> str:
    found = _LANGUAGE.match(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "")
    return found[0].lower() if found else ""


def _read_node(node: Node, metadata: Metadata) -> None:
    kinds = kinds_of(node)
    if "Question" in kinds and len(metadata.questions) < _MAX_PAIRS:
        question, answer = _text(node.get("name")), _text(node.get("acceptedAnswer"), "text")
        if question and answer and (question, answer) not in metadata.questions[-1:]:
            metadata.questions.append((question, answer))
    elif "Product" in kinds:
        _add_product(node, metadata)
    elif "BreadcrumbList" in kinds and not metadata.breadcrumbs:
        steps = [each for each in as_list(node.get("itemListElement")) if isinstance(each, dict)]
        metadata.breadcrumbs = [
            name for each in sorted(steps, key=_position) if (name := _text(each) or _text(each.get("item")))
        ]
    if any(kind.endswith(_OF_A_PAGE) for kind in kinds):
        metadata.published_at = metadata.published_at or date_of(_text(node.get("datePublished")))
        metadata.modified_at = metadata.modified_at or date_of(_text(node.get("dateModified")))


def _read_dates(named: dict[str, str], metadata: Metadata) -> None:
    """Read the dates of `<meta>`, where nothing said them before."""
    for name, content in named.items():
        if name in _PUBLISHED:
            metadata.published_at = metadata.published_at or date_of(content)
        elif name in _MODIFIED:
            metadata.modified_at = metadata.modified_at or date_of(content)


def _read_times(root: etree._Element, metadata: Metadata) -> None:
    """Read the dates of `<time>`: of those that say what they are, or of the only one of an article."""
    times = list(islice(root.iter("time"), _MAX_PAIRS))
    for time in times:
        said = " ".join(time.get(name) or "" for name in ("class", "itemprop", "rel"))
        date = date_of(time.get("datetime") or few_words(time))
        if _TIME_MODIFIED.search(said) or "dateModified" in said:
            metadata.modified_at = metadata.modified_at or date
        elif "pubdate" in time.attrib or _TIME_PUBLISHED.search(said) or "datePublished" in said:
            metadata.published_at = metadata.published_at or date
    if len(times) == 1 and metadata.published_at is None and metadata.modified_at is None:
        around = {str(each.tag) for each in times[0].iterancestors()}
        if "article" in around and "p" not in around:
            metadata.published_at = date_of(times[0].get("datetime") or "")


def date_of(text: str) -> datetime | None:
    """Return the moment that a text names, by ISO 8601 or as mails write it; of a day, its beginning in UTC."""
    text = text.strip()[:100]
    with suppress(ValueError, TypeError, OverflowError):
        moment = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment if moment.year in YEARS else None
    return None


def _position(step: Node) -> float:
    with suppress(ValueError):
        return float(_text(step.get("position")) or 0)
    return 0.0


def _shown_crumbs(root: etree._Element) -> list[str]:
    """Return the steps of a trail of breadcrumbs that is shown and not described."""
    for element in root.iter("nav", "ol", "ul", "div", "p"):
        if _CRUMBS.search(f"{element.get('class') or ''} {element.get('aria-label') or ''} {element.get('id') or ''}"):
            steps = list(islice(element.iter("li"), MAX_CRUMBS + 1)) or list(islice(element.iter("a"), MAX_CRUMBS + 1))
            return [few_words(step).strip(" ›»>/|") for step in steps] if len(steps) > 1 else []
    return []


def _leading(crumbs: list[str], root: etree._Element, title: str) -> list[str]:
    """Return the crumbs above the page: without the page itself, and none of a trail that is none."""
    crumbs = [crumb for crumb in crumbs if crumb]
    own = {"".join(name.lower().split()) for name in (title, words(root.find(".//h1")))}
    while crumbs and "".join(crumbs[-1].lower().split()) in own:
        crumbs.pop()
    if len(crumbs) > MAX_CRUMBS or any(len(crumb) > MAX_CRUMB_CHARACTERS for crumb in crumbs):
        return []
    return crumbs


def _open_graph(named: dict[str, str]) -> Node | None:
    """Return the product that a page of a shop describes for social networks."""
    offer = {name: named[tag] for tag, name in _OPEN_GRAPH_OFFER.items() if tag in named}
    if "price" not in offer and not named.get("og:type", "").lower().endswith("product"):
        return None
    described = {name: named[tag] for tag, name in _OPEN_GRAPH.items() if tag in named}
    return {"name": named.get("og:title", ""), **described, "offers": offer}


def _add_product(node: Node, metadata: Metadata) -> None:
    """Add the line of a product, unless one of its name is there."""
    name = _text(node.get("name"))
    if name and name not in metadata.products and len(metadata.products) < _MAX_PAIRS:
        values = [("name", name)] + [(column, _text(node.get(column))) for column in _PRODUCT]
        for offer in as_list(node.get("offers"))[:_MAX_OFFERS]:
            if isinstance(offer, dict):
                values += _offered(offer)
        values.append(("description", _text(node.get("description"))))
        metadata.products[name] = "; ".join(f"{column}: {value}" for column, value in values if value)


def _offered(offer: Node) -> Iterator[tuple[str, str]]:
    """Yield what an offer says: the price with its currency, and whether there is any."""
    specified = next((each for each in as_list(offer.get("priceSpecification")) if isinstance(each, dict)), {})
    price, currency = (_text(offer.get(name)) or _text(specified.get(name)) for name in ("price", "priceCurrency"))
    low, high = _text(offer.get("lowPrice")), _text(offer.get("highPrice"))
    price = price or (f"{low} – {high}" if low and high and low != high else low or high)
    if price:
        yield "price", f"{price} {currency}".strip()
    yield "availability", _CAPITAL.sub(" ", _text(offer.get("availability")).rpartition("/")[2]).lower()
    yield "sku", _text(offer.get("sku"))


def _text(value: Any, name: str = "name") -> str:
    """Return a value as text without markup: of an object, what is called `name`."""
    for each in as_list(value)[:1]:
        if isinstance(each, dict):
            each = next(iter(as_list(each.get(name))), None)  # noqa: PLW2901
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            plain = _TAG.sub(" ", _INLINE_TAG.sub("", str(each)[: 2 * _MAX_VALUE_CHARACTERS]))
            return " ".join(unescape(plain).split())[:_MAX_VALUE_CHARACTERS]
    return ""
