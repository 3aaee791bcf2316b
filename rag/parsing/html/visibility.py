"""What of a page a reader can see: at once, or by opening an accordion, a tab or details."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from rag.parsing.html.tree import HEADINGS, body_of, empty, few_words
from rag.parsing.outline import MAX_HEADING_CHARACTERS

_NEVER_SHOWN = frozenset(
    """script style noscript svg iframe object embed applet canvas audio video map head annotation
    annotation-xml datalist noframes""".split()  # noqa: SIM905
)
_DIALOG_ROLES = frozenset({"dialog", "alertdialog"})
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSEEN_CLASS = re.compile(r"(?:^|\s)(?:sr-only|screen-reader(?:-text)?|visually-?hidden|assistive-text)(?:\s|$)")
_PANEL_CLASS = re.compile(
    r"accordion|collaps|tab-?(?:pane|panel|content)|toggle-?content|panel|answer|spoiler|expand|details|read-?more"
)
_CONTROL_CLASS = re.compile(r"accordion|collaps|toggle|expand|faq|question|spoiler|trigger|dropdown-title|read-?more")
_PANEL_NAME = re.compile(r"(?:content|body|panel|pane|answer|list|wrap\w*|container|group|items?)(?:$|[\s_-])")
_NOT_OPENED = re.compile(r"cookie|consent|gdpr|newsletter|login|popup|nav|menu|search|modal-backdrop|spinner|loading")
_NO_PANELS = frozenset({"i", "a", "button", "img", "input", "label", "nav"})
"""Unseen, these are icons and anchors."""
_REFERENCES = ("aria-controls", "data-target", "data-bs-target", "data-controls", "popovertarget")
_NO_LABEL = re.compile(
    r"(?:\W|\d)*(?:(?:show|read|see|view|load|learn)\s+(?:more|all|less)|more|less|menu|close|open|next|previous|prev"
    r"|toggle\b.*|search|filter|(?:mehr|weniger)\b.*|weiterlesen|weiter|zurück|suche|(?:en\s)?(?:lire|voir|savoir)\s+"
    r"(?:plus|la suite|moins)|plus|suite|suivant|précédent|fermer|ouvrir|leer más|ver más|mostra.*|leggi.*|meer.*)?"
    r"(?:\W|\d)*",
    re.IGNORECASE,
)
_FEW_NODES = 8
_MAX_CONTROLS = 1_000
"""The controls of a page that are followed to what they open."""


Labels = dict[etree._Element, str]  # noqa: SLF001
"""The words on the control of each panel."""


def leave_out_unseen(root: etree._Element) -> Labels:
    """Empty the elements of a page that no reader sees, and the controls of panels; return the panels' labels."""
    targets = _targets(root)
    labels: Labels = {}
    panels: set[etree._Element] = set()
    controls: list[etree._Element] = []
    for control, panel, label in islice(_opened(root, targets), _MAX_CONTROLS):
        panels.add(panel)
        controls.append(control)
        if not _NO_LABEL.fullmatch(label):
            labels.setdefault(panel, label)
    body = body_of(root)
    for element in list(body.iter()):
        if element is body:
            continue  # a script shows what is hidden as a whole
        if _is_never_shown(element) or (_is_unseen(element) and not _can_be_opened(element, targets, panels)):
            empty(element)
    for control in controls:
        empty(control)
    return labels


def _targets(root: etree._Element) -> frozenset[str]:
    """Return the ids of what the controls of a page name."""
    ids: list[str] = []
    for element in root.iter("a", "button", "div", "span", "li", "label", "h2", "h3", "h4", "h5", "dt", "p", "td"):
        for name in _REFERENCES:
            if value := element.get(name):
                ids += value.replace("#", " ").split()
        if element.tag == "a" and (href := element.get("href", "")).startswith("#"):
            ids.append(href[1:])
    return frozenset(ids)


def _opened(root: etree._Element, targets: frozenset[str]) -> Iterator[tuple[etree._Element, etree._Element, str]]:
    """Yield (control, panel, label) of each panel that has a control of its own, which is not in a heading."""
    named = root.iter() if targets else ()
    by_id = {identifier: element for element in named if (identifier := element.get("id")) in targets}
    for control in root.iter("button", "summary", "a", "label", "div", "span", "li", "p"):
        panel = _panel_of(control, by_id)
        if panel is None or panel.tag in HEADINGS or next(control.iterancestors(*HEADINGS, "dt"), None) is not None:
            continue
        label = few_words(control)
        if label and len(label) <= MAX_HEADING_CHARACTERS:
            yield control, panel, label


def _panel_of(control: etree._Element, by_id: dict[str, etree._Element]) -> etree._Element | None:
    """Return what `control` opens, if it names it or stands before it."""
    if control.tag == "summary":
        return control.getparent()
    named = next((control.get(name) for name in _REFERENCES if control.get(name)), None)
    if named is None and control.get("role") == "tab":
        named = control.get("href")
    panel = by_id.get(named.lstrip("#")) if named is not None else None
    if panel is None:
        return _panel_after(control) if _is_control(control) else None
    return None if panel is control or panel in control.iterancestors(panel.tag) else panel


def _panel_after(control: etree._Element) -> etree._Element | None:
    """Return the element that stands after a control, or after what holds it alone."""
    by_itself = control.tag in {"button", "label"} or control.get("aria-expanded") is not None
    while (following := control.getnext()) is None:
        parent = control.getparent()
        if parent is None or control.getprevious() is not None or (parent.text or "").strip():
            return None
        control = parent
    if following.tag not in {"div", "ul", "ol", "p", "section"} or _is_control(following):
        return None
    names = f"{following.get('class', '')} {following.get('id', '')}".lower()
    return following if by_itself or _is_unseen(following) or _PANEL_CLASS.search(names) else None


def _is_control(element: etree._Element) -> bool:
    """Tell whether an element is one that opens what stands after it."""
    if element.tag == "label":
        before = element.getprevious()
        return before is not None and before.tag == "input" and before.get("type") in {"checkbox", "radio"}
    if element.get("aria-expanded") is not None:
        return True
    names = element.get("class")
    if element.tag == "button":
        return names is not None and _CONTROL_CLASS.search(names.lower()) is not None
    return (
        names is not None and _CONTROL_CLASS.search(names.lower()) is not None and not _PANEL_NAME.search(names.lower())
    )


def _is_never_shown(element: etree._Element) -> bool:
    if element.tag == "template":
        return element.get("shadowrootmode") is None
    return element.tag in _NEVER_SHOWN


def _is_unseen(element: etree._Element) -> bool:
    if element.get("aria-hidden") == "true" or element.get("role") in _DIALOG_ROLES or element.tag == "dialog":
        return True
    if (hidden := element.get("hidden")) is not None and hidden != "until-found":
        return True
    if (style := element.get("style")) and _UNSEEN_STYLE.search(style):
        return True
    return (names := element.get("class")) is not None and _UNSEEN_CLASS.search(names.lower()) is not None


def _can_be_opened(element: etree._Element, targets: frozenset[str], panels: set[etree._Element]) -> bool:
    """Tell whether an unseen element is a panel that a control of the page opens."""
    names = f"{element.get('class', '')} {element.get('id', '')}".lower()
    if _NOT_OPENED.search(names) or element.tag in _NO_PANELS:
        return False
    if element in panels or element.get("id") in targets or element.get("role") == "tabpanel":
        return True
    if _PANEL_CLASS.search(names):
        return True
    before = element.getprevious()
    return before is not None and _opens_next(before)


def _opens_next(element: etree._Element) -> bool:
    """Tell whether an element is a control, or holds one and little else."""
    for position, node in enumerate(element.iter()):
        if position > _FEW_NODES:
            return False
        if _may_open(node):
            return True
    return False


def _may_open(node: etree._Element) -> bool:
    if node.tag == "button":
        return node.get("type", "").lower() == "button" or next(node.iterancestors("form"), None) is None
    if node.tag == "a":
        href = node.get("href", "#").strip().lower()
        return bool(href.startswith(("#", "javascript:")))
    if node.tag == "summary" or node.get("role") in {"button", "tab"} or node.get("onclick") is not None:
        return True
    if node.get("aria-expanded") is not None or node.get("data-toggle") or node.get("data-bs-toggle"):
        return True
    return (names := node.get("class")) is not None and _CONTROL_CLASS.search(names.lower()) is not None
