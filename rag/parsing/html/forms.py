"""The controls of forms as lines: "label: value", where a reader sees a value."""

from lxml import etree

from rag.parsing.html.tree import HEADINGS, empty, few_words, words

FIELD = "formfield"
"""The tag that a control with a value becomes; its text is the line."""
_TYPED = frozenset("text number email tel url date time month week datetime-local color range".split())  # noqa: SIM905
_CHOICES = frozenset({"checkbox", "radio"})
_MAX_OPTIONS = 12
"""A longer choice, of countries for one, is told by what is chosen."""


def describe_controls(root: etree._Element) -> None:
    """Turn the controls with a value into fields, and empty the others and their labels."""
    labels = {label.get("for"): label for label in root.iter("label") if label.get("for")}
    for control in list(root.iter("input", "select", "textarea", "button")):
        if control.tag == "button":
            if next(control.iterancestors(*HEADINGS, "dt", "summary"), None) is None:
                empty(control)
            continue
        choice, value = (control.get("type") or "").lower() in _CHOICES, _value(control)
        label = labels.pop(control.get("id"), None)
        label = next(control.iterancestors("label"), None) if label is None else label
        named = " ".join((control.get("aria-label") or "").split())
        empty(control)
        if choice and not value:
            continue  # what can be chosen is text, the mark beside it is not
        name = "" if label is None else few_words(label, headings=True)
        field = control
        if label is not None and name:
            empty(label)
            field = label
        if value and (name := name or named):
            field.tag, field.text = FIELD, f"{name.rstrip(' :*')}: {value}"


def _value(control: etree._Element) -> str:
    """Return what a reader sees in a control, or ""."""
    if control.tag == "textarea":
        return words(control)
    if control.tag == "select":
        options = [(words(option), option.get("selected") is not None) for option in control.iter("option")]
        shown = [text for text, selected in options if selected or len(options) <= _MAX_OPTIONS]
        return ", ".join(text for text in shown if text)
    kind = (control.get("type") or "text").lower()
    if kind in _CHOICES:
        return "yes" if control.get("checked") is not None else ""
    return " ".join((control.get("value") or "").split()) if kind in _TYPED else ""
