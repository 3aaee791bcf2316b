"""The elements of a page as the blocks of a document."""

from collections.abc import Callable
from itertools import islice
from typing import ClassVar

from lxml import etree

from rag.parsing.document import BlockKind
from rag.parsing.html import table
from rag.parsing.html.forms import FIELD
from rag.parsing.html.lists import Numbering
from rag.parsing.html.tree import BREAK, HEADINGS, INLINE, few_words, spoken, words
from rag.parsing.html.visibility import Labels
from rag.parsing.outline import Outline

_FLOWING = INLINE | {"br"}
_LEVEL = 10
"""What is between two levels of headings, so that the label of a panel has a level of its own."""
_MANY_PARAGRAPHS = 3
_NEAR, _FEWEST_WORDS = 4, 3
"""An image with text near it stands in a sentence; one that stands alone says something in three words or more."""
_ENDS_SENTENCE = (".", ":", ";", "!", "?", "…")


class Page:
    """The state of reading one page: the words of the paragraph or the item that is open."""

    def __init__(self, outline: Outline, labels: Labels) -> None:
        """Read into `outline`; `labels` are those of the panels of the page."""
        self._outline = outline
        self._labels = labels
        self._text: list[str] = []
        self._marker = ""
        self._items = 0
        self._terms: list[str] = []
        self._level = 0
        self._around: tuple[etree._Element | None, str] = (None, "")
        self._sections: list[tuple[etree._Element, int]] = []
        self._lists: list[Numbering] = []
        self._spacious: set[etree._Element] = set()

    def read(self, root: etree._Element) -> None:
        """Add the blocks of everything inside `root`."""
        self._spacious = _holders_of_blocks(root)
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                if self._start(element):
                    walk.skip_subtree()
            else:
                self._end(element)
                if element is not root:
                    self._text.append(element.tail or "")
        self._end_paragraph()

    def _start(self, element: etree._Element) -> bool:
        """Begin an element. Return whether it is read whole."""
        tag = element.tag
        if tag in _FLOWING:
            self._write(element)
            return bool(tag == "img")
        if self._items and tag not in self._OPENERS and element not in self._labels:
            self._text.append(" ")
        else:
            self._end_paragraph()
        if element in self._labels:
            self._begin_section(element, self._labels[element])
        opener = self._OPENERS.get(tag)
        if opener is not None and opener(self, element):
            return True
        self._text.append(element.text or "")
        return False

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _FLOWING:
            return
        if tag in {"li", "dd"}:
            self._end_paragraph()
            self._items -= element not in self._spacious
            self._marker = ""
        elif tag in {"ul", "ol"} and self._lists:
            self._end_paragraph()
            self._lists.pop()
        elif tag == "dl":
            self._end_terms()
        elif self._items:
            self._text.append(" ")
        else:
            self._end_paragraph()
        if self._sections and self._sections[-1][0] is element:
            self._end_paragraph()
            _, self._level = self._sections.pop()
            self._outline.leave(self._level + 1)

    def _write(self, element: etree._Element) -> None:
        if element.tag == "br":
            self._text.append(BREAK)
        elif element.tag == "img":
            self._text.append(self._alternative(element))
        else:
            self._text.append(element.text or "")

    def _alternative(self, image: etree._Element) -> str:
        """Return the words that stand for an image, if they say something that is not said beside it."""
        alternative = spoken(image)
        in_sentence = any(part.strip() for part in self._text[-_NEAR:]) or (image.tail or "").strip()
        if not alternative or (not in_sentence and len(alternative.split()) < _FEWEST_WORDS):
            return " "
        around = next(image.iterancestors("figure", "a"), None)
        if around is not None and around is not self._around[0]:
            self._around = (around, few_words(around, headings=True).lower())
        return " " if around is not None and alternative.lower() in self._around[1] else f" {alternative} "

    def _end_paragraph(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if not text.strip():
            return
        kind = BlockKind.LIST_ITEM if self._marker or self._items else BlockKind.TEXT
        for paragraph in [" ".join(text.split())] if kind is BlockKind.LIST_ITEM else _paragraphs(text):
            self._outline.add(self._marker + paragraph, kind=kind)
            self._marker = ""

    def _begin_section(self, element: etree._Element, heading: str) -> None:
        """Begin a section that ends where `element` ends."""
        self._sections.append((element, self._level))
        self._enter(self._level + 1, heading)

    def _enter(self, level: int, heading: str) -> None:
        self._outline.enter(level, heading)
        self._level = level

    def _heading(self, element: etree._Element) -> bool:
        heading = words(element).rstrip(" #¶")
        self._enter(HEADINGS[element.tag] * _LEVEL, self._marker.removeprefix("- ") + heading if heading else "")
        self._marker = ""
        return True

    def _code(self, element: etree._Element) -> bool:
        for line_break in element.iter("br"):
            line_break.text = "\n"
        self._outline.add("".join(element.itertext()), kind=BlockKind.CODE)
        return True

    def _table(self, element: etree._Element) -> bool:
        if table.lays_out(element):
            return False
        self._outline.add_all(table.lines(element), BlockKind.TABLE_ROW)
        return True

    def _list(self, element: etree._Element) -> bool:
        self._lists.append(Numbering(element))
        return False

    def _item(self, element: etree._Element) -> bool:
        self._marker = self._lists[-1].marker(element) if self._lists else "- "
        self._items += element not in self._spacious
        return False

    def _term(self, element: etree._Element) -> bool:
        if element in self._spacious:
            return False
        self._terms.append(words(element))
        return True

    def _definition(self, element: etree._Element) -> bool:
        term = ", ".join(term for term in self._terms if term)
        if element in self._spacious and term:
            self._begin_section(element, term)
        elif term:
            self._marker = term + (" " if term.endswith((":", "?", "!", ".")) else ": ")
        self._items += element not in self._spacious
        following = element.getnext()
        if following is None or following.tag != "dd":
            self._terms.clear()
        return False

    def _end_terms(self) -> None:
        self._outline.add_all(self._terms, BlockKind.LIST_ITEM)
        self._terms.clear()

    def _field(self, element: etree._Element) -> bool:
        self._outline.add(element.text or "", kind=BlockKind.FORM_FIELD)
        return True

    _OPENERS: ClassVar[dict[str, Callable[["Page", etree._Element], bool]]] = {
        **dict.fromkeys(HEADINGS, _heading),
        "pre": _code,
        "table": _table,
        "ul": _list,
        "ol": _list,
        "li": _item,
        "dt": _term,
        "dd": _definition,
        FIELD: _field,
    }


def _holders_of_blocks(root: etree._Element) -> set[etree._Element]:
    """Return what holds headings, tables, listings or many paragraphs: an item among them only lays out the page."""
    holders: set[etree._Element] = set()
    for section in root.iter("table", "pre", *HEADINGS):
        for ancestor in section.iterancestors():
            if ancestor in holders:
                break
            holders.add(ancestor)
    for item in root.iter("li", "dd"):
        if sum(1 for _ in islice(item.iterchildren("p"), _MANY_PARAGRAPHS)) == _MANY_PARAGRAPHS:
            holders.add(item)
        if (
            item.tag == "li"
            and (around := next(item.iterancestors("dd", "li"), None)) is not None
            and around.tag == "dd"
        ):
            holders.add(around)
    return holders


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text whose lines are broken: two breaks part them.

    A break inside a sentence is a blank: it only lays the sentence out.
    """
    paragraphs: list[str] = []
    previous = ""
    for line in (" ".join(each.split()) for each in text.split(BREAK)):
        if line and previous:
            goes_on = line[0].islower() and not previous.endswith(_ENDS_SENTENCE)
            paragraphs[-1] += (" " if goes_on else "\n") + line
        elif line:
            paragraphs.append(line)
        previous = line
    return paragraphs
