"""Where the sentences of a text begin and end."""

import re

# A mark that may end a sentence: its closing quotes and note calls, then space, then something that may start one.
_SENTENCE_END = re.compile(
    r"""(?<![.!?…])(?P<mark>[.!?…]+)["'»”’)\]]*(?:\[\d+\])*(?P<gap>\s++)(?=["'«“‘(\[¿¡]*\s?[^\Wa-zà-öø-ÿ_]|[-–—•*])"""
    r"""|[。！？](?P<wide>)|(?P<line>\n)"""
)


_ABBREVIATION = re.compile(
    r"(?:\b[^\W\d_]|\b(?:mr|mrs|ms|dr|mm|mme|mlle|mgr|pr|prof|st|ste|no|nos|vs|vol|fig|art|cf|pp|sr|jr|gen|col|lt|inc|ltd|co|av|apr"
    r"|e\.g|i\.e|c\.-à-d))$",
    re.IGNORECASE,
)


_LONGEST_ABBREVIATION = 12


_ITEM_NUMBER = re.compile(r"\d{1,3}")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) offsets, in order, without the white space between them.

    A line break ends a sentence too: list items, table rows and lines of code each stand alone. Initials, the usual
    abbreviations ("M. Martin", "e.g.") and an item's number ("2. Wait") end none.
    """
    spans = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if end["mark"] == "." and (
            _ABBREVIATION.search(text, max(start, end.start() - _LONGEST_ABBREVIATION), end.start())
            or _ITEM_NUMBER.fullmatch(text[start : end.start()].strip())
        ):
            continue
        stop = end.start("gap") if end["gap"] else end.start("wide") if end["wide"] is not None else end.start()
        if text[start:stop].strip():
            spans.append((start, stop))
        start = end.end()
    if text[start:].strip():
        spans.append((start, len(text.rstrip())))
    return [(begin + len(text[begin:stop]) - len(text[begin:stop].lstrip()), stop) for begin, stop in spans]
