"""WordprocessingML made plain for the library: what is not shown goes, what it would not read is put where it reads.

Element names are those of ECMA-376 part 1; the strict and the transitional namespaces are both read, by local names.
"""

import re
from collections.abc import Iterator

from lxml import etree

from rag.parsing.office.grids import NAMES_MARK
from rag.parsing.office.package import local_name, value

_REMOVED = frozenset({"del", "moveFrom", "sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr"})
_UNWRAPPED = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "dir", "bdo"})
_ROW_MARKS = frozenset({"tblHeader", "hidden"})
_STYLE_MARKS = frozenset({"vanish", "pStyle", "rStyle"})
_IN_RUNS = frozenset({"noBreakHyphen", "sym", "ruby", "fldChar"})
_LOOKED_AT = tuple(
    f"{{*}}{name}"
    for name in _REMOVED | _UNWRAPPED | _ROW_MARKS | _STYLE_MARKS | _IN_RUNS | {"AlternateContent", "txbxContent"}
)
_OFF = frozenset({"0", "false", "off"})
_INHERITANCE_DEPTH = 20
_CONTENTS = re.compile(r"(?:toc|contents) \d", re.IGNORECASE)
_TICKED, _EMPTY = "☒", "☐"
_SYMBOLS = {"fe": _TICKED, "fd": _TICKED, "78": _TICKED, "fc": "✓", "a8": _EMPTY, "6f": _EMPTY, "a7": _EMPTY, "b7": "•"}
"""Characters of Wingdings that say something, by the last two digits of their code."""
_SYMBOL_AREA, _SYMBOL_CODE = re.compile("[fF]0[0-9a-fA-F]{2}"), re.compile("[0-9a-fA-F]{1,4}")
_PAGE_FIELDS = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
_WORDS_AROUND_A_PAGE_NUMBER = 2


class Styles:
    """What the styles of a document say of hidden text and of lines of contents."""

    def __init__(self, root: etree._Element | None) -> None:
        styles = root.iterchildren("{*}style") if root is not None else ()
        self._styles = {value(each, "styleId") or "": each for each in styles}
        chains = {style: list(self._chain(style)) for style in self._styles}
        self._hiding = {style for style, chain in chains.items() if _hides(chain)}
        self._contents = {
            style
            for style, chain in chains.items()
            if any(_CONTENTS.fullmatch(value(each.find("{*}name")) or "") for each in chain)
        }

    def _chain(self, style: str) -> Iterator[etree._Element]:
        """Yield a style and those that it is based on, nearest first. A circle, which the library refuses, is cut."""
        seen = {style}
        while (element := self._styles.get(style)) is not None:
            yield element
            based_on = element.find("{*}basedOn")
            style = value(based_on) or ""
            if len(seen) == _INHERITANCE_DEPTH or style in seen:
                if based_on is not None:
                    element.remove(based_on)
                return
            seen.add(style)

    def hide(self, style: str | None) -> bool:
        """Tell whether text in a style is hidden."""
        return style in self._hiding

    def is_contents(self, style: str | None) -> bool:
        """Tell whether paragraphs in a style are lines of a table of contents."""
        return style in self._contents


def _hides(chain: list[etree._Element]) -> bool:
    marks = (each.find("{*}rPr/{*}vanish") for each in chain)
    return next((_is_on(mark) for mark in marks if mark is not None), False)


def prepare(root: etree._Element, styles: Styles) -> None:
    """Make a part plain, in place."""
    box_ends: dict[etree._Element, etree._Element] = {}
    # What is moved stays in this list, so that text boxes are made plain where they go.
    for element in list(root.iter(*_LOOKED_AT)):
        name = local_name(element)
        parent = element.getparent()
        if parent is None:
            continue
        if name in _REMOVED:
            _remove(parent.getparent() if local_name(parent) == "trPr" else element)
        elif name in _UNWRAPPED:
            _unwrap(element)
        elif name == "AlternateContent":
            _choose(element)
        elif name == "txbxContent":
            _move_out(element, box_ends)
        elif name in _ROW_MARKS:
            _prepare_row(element, parent)
        elif name in _STYLE_MARKS:
            _prepare_styled(element, parent, styles)
        elif local_name(parent) == "r":
            _prepare_in_run(element, parent, name)


def shown_text(element: etree._Element) -> str:
    """Return the text in a part that was made plain, a blank between paragraphs."""
    return "".join(
        each.text or "" if local_name(each) == "t" else " " for each in element.iter("{*}t", "{*}p", "{*}tab")
    )


def without_page_numbers(block: etree._Element) -> None:
    """Take the numbers of pages out of a block of a header, with the few words around them."""
    for paragraph in block.iter("{*}p"):
        numbers = [*paragraph.iter("{*}fldSimple")]
        numbers = [each for each in numbers if _PAGE_FIELDS.match(value(each, "instr") or "")]
        numbers += _runs_of_page_fields(paragraph)
        for each in numbers:
            _remove(each)
        if numbers and len(re.findall(r"[^\W\d_]+", shown_text(paragraph))) <= _WORDS_AROUND_A_PAGE_NUMBER:
            paragraph[:] = []


def _runs_of_page_fields(paragraph: etree._Element) -> list[etree._Element]:
    """Return the runs of the fields that show the number of a page or of all pages."""
    found: list[etree._Element] = []
    field: list[etree._Element] = []
    for run in paragraph.iter("{*}r"):
        mark = value(run.find("{*}fldChar"), "fldCharType")
        if field or mark == "begin":
            field.append(run)
        if mark == "end":
            code = "".join(each.text or "" for part in field for each in part.iterchildren("{*}instrText"))
            found += field if _PAGE_FIELDS.match(code) else []
            field = []
    return found


def _move_out(box: etree._Element, ends: dict[etree._Element, etree._Element]) -> None:
    """Put the blocks of a text box after its paragraph, and after those of the boxes before it."""
    paragraph = next(box.iterancestors("{*}p"), None)
    if paragraph is None:
        return
    end = ends.get(paragraph, paragraph)
    for block in list(box):
        end.addnext(block)
        end = block
    ends[paragraph] = end
    _remove(box)


def _prepare_row(mark: etree._Element, properties: etree._Element) -> None:
    """Mark a row that the table repeats on each page, which names the columns, and leave out a hidden one."""
    row = properties.getparent()
    if row is None or local_name(properties) != "trPr" or not _is_on(mark):
        return
    if local_name(mark) == "hidden":
        _remove(row)
    elif (paragraph := next(row.iter("{*}p"), None)) is not None:
        run = etree.SubElement(paragraph, paragraph.tag.replace("}p", "}r"))
        etree.SubElement(run, paragraph.tag.replace("}p", "}t")).text = NAMES_MARK


def _prepare_styled(mark: etree._Element, properties: etree._Element, styles: Styles) -> None:
    """Leave out hidden text, and lines of a table of contents."""
    owner = properties.getparent()
    if owner is None:
        return
    name, style = local_name(mark), value(mark)
    if name == "pStyle" and styles.is_contents(style):
        owner[:] = []
    elif name == "pStyle" and styles.hide(style):
        for run in list(owner.iter("{*}r")):
            if run.find("{*}rPr/{*}vanish") is None:
                _remove(run)
    elif local_name(owner) == "r" and (
        _is_on(mark)
        if name == "vanish"
        else name == "rStyle" and styles.hide(style) and properties.find("{*}vanish") is None
    ):
        _remove(owner)


def _prepare_in_run(element: etree._Element, run: etree._Element, name: str) -> None:
    if name == "noBreakHyphen":
        _become_text(element, "-")
    elif name == "sym":
        _become_text(element, _symbol(value(element, "char") or ""))
    elif name == "ruby":
        for base in element.iterfind("{*}rubyBase/{*}r"):
            run.addprevious(base)
        run.remove(element)
    elif name == "fldChar" and (form_value := _form_value(element)):
        # A form field begins here: its value is no text of the document.
        shown = etree.Element(run.tag)
        etree.SubElement(shown, element.tag.replace("fldChar", "t")).text = form_value
        run.addprevious(shown)


def _form_value(field: etree._Element) -> str:
    """Return what a tick box or a choice of a form shows, or ""."""
    box, choice = field.find("{*}ffData/{*}checkBox"), field.find("{*}ffData/{*}ddList")
    if box is not None:
        state = box.find("{*}checked")
        state = box.find("{*}default") if state is None else state
        return f"{_TICKED if state is not None and _is_on(state) else _EMPTY} "
    if choice is not None:
        entries = [value(each) or "" for each in choice.iterchildren("{*}listEntry")]
        number = value(choice.find("{*}result")) or value(choice.find("{*}default")) or "0"
        return entries[int(number)] if number.isdecimal() and int(number) < len(entries) else ""
    return ""


def _symbol(code: str) -> str:
    """Return the character of a symbol; one of a symbol font's own area only where it says something."""
    if _SYMBOL_AREA.fullmatch(code):
        return _SYMBOLS.get(code[-2:].lower(), "")
    return chr(int(code, 16)) if _SYMBOL_CODE.fullmatch(code) else ""


def _choose(alternative: etree._Element) -> None:
    """Replace an alternative by its first branch that holds something."""
    for branch in list(alternative):
        if len(branch):
            for each in branch:
                alternative.addprevious(each)
            break
    _remove(alternative)


def _is_on(mark: etree._Element) -> bool:
    return value(mark) not in _OFF


def _become_text(element: etree._Element, text: str) -> None:
    element.tag = element.tag.replace(local_name(element), "t")
    element.text = text


def _unwrap(element: etree._Element) -> None:
    for child in element:
        element.addprevious(child)
    _remove(element)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
