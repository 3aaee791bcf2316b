"""The bullets and numbers of lists."""

from lxml import etree

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LONGEST_NUMBER, _LAST_ROMAN = 10, 3_999


class Numbering:
    """The markers of one list: "- ", or numbers that follow `start`, `reversed`, `type` and the values of its items."""

    def __init__(self, element: etree._Element) -> None:
        """Count the items of a <ul> or an <ol>."""
        self._numbered = element.tag == "ol" and "list-style:none" not in (element.get("style") or "").replace(" ", "")
        self._type = element.get("type") or "1"
        self._step = -1 if element.get("reversed") is not None else 1
        items = sum(1 for _ in element.iterchildren("li")) if self._step < 0 else 1
        self._number = _number(element.get("start"), items)

    def marker(self, item: etree._Element) -> str:
        """Return what stands before an item, with a blank."""
        if not self._numbered:
            return "- "
        number = _number(item.get("value"), self._number)
        self._number = number + self._step
        return f"{_written(number, item.get('type') or self._type)}. "


def _number(value: str | None, default: int) -> int:
    try:
        return int(value) if value and len(value) < _LONGEST_NUMBER else default
    except ValueError:
        return default


def _written(number: int, style: str) -> str:
    if style in {"a", "A"} and number > 0:
        letters = ""
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord(style) + letter) + letters
        return letters
    if style in {"i", "I"} and 0 < number <= _LAST_ROMAN:
        roman = ""
        for value, letters in _ROMAN:
            roman += letters * (number // value)
            number %= value
        return roman.upper() if style == "I" else roman
    return str(number)
