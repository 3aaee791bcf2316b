"""Presentations: PPTX (with macros or as shows: PPTM, PPSX, POTX), PPT and ODP.

A mark is put at the beginning of each slide before the library reads it, which tells the slide's number afterwards.
"""

from collections.abc import Iterator
from copy import deepcopy

import anydoc
from lxml import etree

from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.office.document import Reading, modelled
from rag.parsing.office.opendocument import open_document, remove
from rag.parsing.office.package import Package, value
from rag.parsing.outline import Outline

_MARK = "\ue0f5"
"""A private character, which no text of a slide begins with."""
_TEXT_PARAGRAPH = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
_PRESENTATION_CLASS = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}class"
_WITHOUT_TEXT = frozenset({"sldNum", "dt"})
_TITLES = frozenset({"title", "ctrTitle"})


def read_pptx(content: bytes) -> Outline:
    """Read a presentation: the titles of its slides, their text, tables, charts and the speaker's notes.

    Hidden slides are left out, with a warning. Raises `UnreadableDocument`: see `Package` and `modelled`.
    """
    package = Package(content)
    main = package.main_part("ppt/presentation.xml")
    outline = Outline(package.core_title())
    presentation = package.tree(main)
    targets = {each.id: each.target for each in package.relationships(main)}
    entries = list(presentation.iter("{*}sldId")) if presentation is not None else []
    footers: set[str] = set()
    backgrounds: set[str] = set()
    hidden = []
    for number, entry in enumerate(entries, 1):
        name = targets.get(_relationship(entry), "")
        slide = package.tree(name)
        if slide is None:
            continue
        if slide.get("show") in {"0", "false"}:
            hidden.append(number)
            remove(entry)
            continue
        _prepare(slide, number, footers)
        _add_background(package, name, slide, backgrounds)
        package.put(name, slide)
    _warn_of_hidden(outline, hidden)
    if presentation is None or len(hidden) == len(entries):
        return outline
    package.put(main, presentation)
    _add_slides(Reading(outline, modelled(package.pack(), "pptx")))
    return outline


def read_ppt(content: bytes) -> Outline:
    """Read a presentation of PowerPoint 97 to 2003. Raises `UnreadableDocument`: see `modelled`."""
    outline = Outline()
    _add_slides(Reading(outline, modelled(content, "ppt")))
    return outline


def read_odp(content: bytes) -> Outline:
    """Read a presentation of OpenDocument. Raises `UnreadableDocument`: see `Package` and `modelled`."""
    package, outline, body = open_document(content)
    hidden = []
    hiding = {
        value(style, "name")
        for style in body.getroottree().iter("{*}style")
        if value(style.find("{*}drawing-page-properties"), "visibility") == "hidden"
    }
    for number, page in enumerate(list(body.iter("{*}page")), 1):
        if value(page, "style-name") in hiding:
            hidden.append(number)
            remove(page)
            continue
        draw = etree.QName(page).namespace
        # As a title, which the library puts before all else of a slide.
        frame = etree.Element(f"{{{draw}}}frame", {_PRESENTATION_CLASS: "title"})
        paragraph = etree.SubElement(etree.SubElement(frame, f"{{{draw}}}text-box"), _TEXT_PARAGRAPH)
        paragraph.text = f"{_MARK}{number}"
        page.insert(0, frame)
    _warn_of_hidden(outline, hidden)
    package.put("content.xml", body.getroottree().getroot())
    del body
    _add_slides(Reading(outline, modelled(package.pack(), "odp")))
    return outline


def _relationship(entry: etree._Element) -> str:
    """Return the relationship of a slide, not the slide's own number: both are called "id"."""
    return next((text for key, text in entry.attrib.items() if key.endswith("}id")), "")


def _prepare(slide: etree._Element, number: int, footers: set[str]) -> None:
    """Mark where a slide begins, put its title first, and leave out the number, the date and repeated footers."""
    tree = next(slide.iter("{*}spTree"), None)
    if tree is None:
        return
    title = None
    for shape in list(slide.iter("{*}sp")):
        kind = value(next(shape.iter("{*}ph"), None), "type")
        text = " ".join("".join(each.itertext()) for each in shape.iter("{*}p")).strip()
        if kind in _WITHOUT_TEXT:
            remove(shape)
        elif kind in _TITLES and title is None and text:
            title = shape
        elif kind == "ftr":
            # The library leaves out what is called a footer.
            remove(next(shape.iter("{*}ph")) if text and text not in footers else shape)
            footers.add(text)
    if title is not None:
        tree.insert(0, title)
    tree.insert(0, _mark(tree, number))


def _add_background(package: Package, name: str, slide: etree._Element, seen: set[str]) -> None:
    """Add to a slide the text that its layout and its master show behind it, each of which is shown once."""
    tree = next(slide.iter("{*}spTree"), None)
    for kind in ("slideLayout", "slideMaster"):
        name = package.related(name, kind)
        if not name or name in seen or tree is None:
            continue
        seen.add(name)
        root = package.tree(name)
        for shape in root.iter("{*}sp") if root is not None else ():
            if next(shape.iter("{*}ph"), None) is None:
                tree.append(deepcopy(shape))


def _mark(tree: etree._Element, number: int) -> etree._Element:
    presentation = etree.QName(tree).namespace
    drawing = (presentation or "").replace("presentationml", "drawingml")
    shape = etree.Element(f"{{{presentation}}}sp")
    paragraph = etree.SubElement(etree.SubElement(shape, f"{{{presentation}}}txBody"), f"{{{drawing}}}p")
    etree.SubElement(etree.SubElement(paragraph, f"{{{drawing}}}r"), f"{{{drawing}}}t").text = f"{_MARK}{number}"
    return shape


def _add_slides(reading: Reading) -> None:
    reading.quotes = BlockKind.NOTE
    number, is_titled = 0, True
    for block in reading.document.blocks:
        if marked := _marked(block):
            number, is_titled = marked, False
            reading.place = Place(Unit.SLIDE, number)
        elif block.kind == "heading":
            reading.outline.enter(1, reading.text(block.content), reading.place)
            is_titled = True
        elif is_titled:
            reading.add(block)
        elif block.kind != "paragraph" or reading.text(block.content).strip():
            reading.outline.enter(1, f"Slide {number}", reading.place)
            is_titled = True
            reading.add(block)


def _marked(block: anydoc.Block) -> int:
    """Return the number of the slide that begins, or 0."""
    text = next((inline.text or "" for inline in _inlines(block)), "")
    return int(text.removeprefix(_MARK)) if text.startswith(_MARK) and text[1:].isdecimal() else 0


def _inlines(block: anydoc.Block) -> Iterator[anydoc.Inline]:
    if block.list and block.list.items:
        for each in block.list.items[0].blocks:
            yield from _inlines(each)
    yield from block.content or ()


def _warn_of_hidden(outline: Outline, hidden: list[int]) -> None:
    if hidden:
        numbers = ", ".join(map(str, hidden))
        which = f"Slides {numbers} are" if len(hidden) > 1 else f"Slide {numbers} is"
        outline.warn(f"{which} hidden and not read.")
