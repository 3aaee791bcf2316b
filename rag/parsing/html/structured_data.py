"""What a page says in the words of schema.org: JSON-LD, microdata and RDFa Lite, all as the objects of JSON-LD."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from rag.parsing.html.tree import few_words

Node = dict[str, Any]

MAX_NODES = 5_000
_MAX_SCRIPT_CHARACTERS = 1024 * 1024
_MAX_ITEMS = 1_000
_MAX_VALUE_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class _Syntax:
    """By which attributes an element is an item, of a type, and the property of an item."""

    item: str
    type: str
    property: str


_SYNTAXES = (_Syntax("itemscope", "itemtype", "itemprop"), _Syntax("typeof", "typeof", "property"))
_VALUES = {"time": "datetime", "data": "value", "meter": "value", "meta": "content"}
_LINKS = {"a": "href", "area": "href", "link": "href", "img": "src"}


def structured_data(root: etree._Element) -> Iterator[Node]:
    """Yield the objects of a page, of JSON-LD first; what an object holds comes after it."""
    yield from islice(_linked_data(root), MAX_NODES)
    for syntax in _SYNTAXES:
        yield from _marked_up(root, syntax)


def kinds_of(node: Node) -> list[str]:
    """Return the types of an object, without the vocabulary that they are of."""
    kinds = node.get("@type")
    return [kind.rpartition("/")[2].rpartition(":")[2] for kind in as_list(kinds) if isinstance(kind, str)]


def as_list(value: Any) -> list[Any]:
    """Return what stands alone or in a list as a list."""
    return value if isinstance(value, list) else [value]


def _linked_data(root: etree._Element) -> Iterator[Node]:
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


def _marked_up(root: etree._Element, syntax: _Syntax) -> Iterator[Node]:
    """Yield the items that attributes of elements make, in the order of the page, each with those that it holds."""
    items: list[Node] = []
    around: list[tuple[etree._Element, Node]] = []
    properties = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if around and around[-1][0] is element:
                around.pop()
            continue
        is_item, names = syntax.item in element.attrib, (element.get(syntax.property) or "").split()
        owner = around[-1][1] if around else None
        if is_item:
            item: Node = {"@type": (element.get(syntax.type) or "").split()}
            items.append(item)
            around.append((element, item))
        if owner is not None and names:
            properties += len(names)
            value = item if is_item else _value(element)
            for name in names:
                owner.setdefault(name.rpartition("/")[2].rpartition(":")[2], []).append(value)
        if len(items) > _MAX_ITEMS or properties > MAX_NODES:
            break
    yield from items


def _value(element: etree._Element) -> str:
    """Return the value of a property that is not an item."""
    tag = str(element.tag)
    given = element.get("content") or element.get(_VALUES.get(tag, "content"))
    return (given or few_words(element, headings=True) or element.get(_LINKS.get(tag, "content")) or "")[
        :_MAX_VALUE_CHARACTERS
    ]
