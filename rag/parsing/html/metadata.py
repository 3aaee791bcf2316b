"""What a page says of itself outside its text: title, language, and data for search engines (JSON-LD of schema.org)."""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Any

from lxml import etree

from rag.parsing.html.tree import words

_MAX_SCRIPT_CHARACTERS = 1024 * 1024
_MAX_NODES = 5_000
_MAX_PAIRS = 500
_MAX_VALUE_CHARACTERS = 2_000
_LANGUAGE = re.compile(r"[a-zA-Z]{2}")
_INLINE_TAG = re.compile(r"</?(?:a|b|em|i|span|strong|u)\b[^<>]{0,1000}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_PRODUCT = ("brand", "sku", "gtin", "gtin13", "mpn", "color", "material", "size", "description")
_OFFER = ("price", "lowPrice", "highPrice", "priceCurrency", "availability")
_DATES = ("datePublished", "dateModified")


@dataclass(slots=True)
class Metadata:
    """What a page says of itself. `questions` are pairs of question and answer; `products` are lines."""

    title: str = ""
    language: str = ""
    breadcrumbs: str = ""
    dates: dict[str, str] = field(default_factory=dict)
    questions: list[tuple[str, str]] = field(default_factory=list)
    products: list[str] = field(default_factory=list)


def read_metadata(root: etree._Element) -> Metadata:
    """Read what a page says of itself."""
    metadata = Metadata(words(root.find(".//title")), _language(root))
    for meta in root.iter("meta"):
        name, content = (meta.get("property") or meta.get("name") or "").lower(), meta.get("content") or ""
        if name == "og:title" and not metadata.title:
            metadata.title = content
        elif name == "article:published_time":
            metadata.dates.setdefault("datePublished", content[:10])
    if not metadata.title:
        metadata.title = words(root.find(".//h1"))
    for node in islice(_linked_data(root), _MAX_NODES):
        _read_node(node, metadata)
    return metadata


def _language(root: etree._Element) -> str:
    found = _LANGUAGE.match(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "")
    return found[0].lower() if found else ""


def _linked_data(root: etree._Element) -> Iterator[dict[str, Any]]:
    """Yield the objects of JSON-LD, outermost first."""
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json" or not script.text:
            continue
        if len(script.text) > _MAX_SCRIPT_CHARACTERS:
            continue
        try:
            waiting = deque([json.loads(script.text, strict=False)])
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.popleft()
            if isinstance(value, dict):
                yield value
                waiting += [inner for inner in value.values() if isinstance(inner, dict | list)]
            elif isinstance(value, list):
                waiting += value


def _read_node(node: dict[str, Any], metadata: Metadata) -> None:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "Question" in kinds and len(metadata.questions) < _MAX_PAIRS:
        question, answer = _text(node.get("name")), _text(node.get("acceptedAnswer"), "text")
        if question and answer:
            metadata.questions.append((question, answer))
    elif "Product" in kinds and len(metadata.products) < _MAX_PAIRS:
        metadata.products.append(_product(node))
    elif "BreadcrumbList" in kinds and not metadata.breadcrumbs:
        steps = node.get("itemListElement")
        names = [_text(each) or _text(each.get("item")) for each in _listed(steps) if isinstance(each, dict)]
        metadata.breadcrumbs = " › ".join(name for name in names if name)
    for name in _DATES:
        if isinstance(node.get(name), str):
            metadata.dates.setdefault(name, node[name][:10])


def _product(node: dict[str, Any]) -> str:
    values = [("name", _text(node.get("name")))] + [(name, _text(node.get(name))) for name in _PRODUCT]
    for offer in _listed(node.get("offers"))[:10]:
        if isinstance(offer, dict):
            values += [(name, _text(offer.get(name)).rpartition("/")[2]) for name in _OFFER]
    return "; ".join(f"{name}: {value}" for name, value in values if value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any, name: str = "name") -> str:
    """Return a value as text without markup: of an object, what is called `name`."""
    for each in _listed(value)[:1]:
        if isinstance(each, dict):
            each = each.get(name)  # noqa: PLW2901
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            plain = _TAG.sub(" ", _INLINE_TAG.sub("", str(each)[: 2 * _MAX_VALUE_CHARACTERS]))
            return " ".join(unescape(plain).split())[:_MAX_VALUE_CHARACTERS]
    return ""
