"""What stands before an item of a list: its bullet or its number."""

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN = 4_000
_LETTERS = 26


def label(marker: str, number: int) -> str:
    """Return what stands before item `number` of a list whose marker is of a family: "-", "3.", "c.", "iii."."""
    if marker == "bullet" or number < 0:
        return "-"
    family = marker.removeprefix("lower_").removeprefix("upper_")
    if family == "alpha" and number:
        # Word goes on after z with aa, bb, cc.
        text = chr(ord("a") + (number - 1) % _LETTERS) * min((number - 1) // _LETTERS + 1, 10)
    elif family == "roman" and 0 < number < _MAX_ROMAN:
        text = _roman(number)
    else:
        text = str(number)
    return f"{text.upper() if marker.startswith('upper_') else text}."


def _roman(number: int) -> str:
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text
