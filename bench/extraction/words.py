"""Words of a text, and how those of two readings of one file differ."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\s*\n\s*(?=[^\W\d_])")


def words_of(text: str) -> list[str]:
    """Return the words of `text` in order: runs of letters and digits, in lower case and compatibility form.

    A word cut by a hyphen at the end of a line is one.
    """
    return _WORD.findall(unicodedata.normalize("NFKC", _HYPHENATED.sub("", text)).lower())


@dataclass(frozen=True, slots=True)
class Difference:
    """How `found` words differ from `expected` ones, in numbers of words.

    `lost` and `added` count what one has more of than the other; `out_of_order` is how many of the words that stand
    once in each would have to be moved.
    """

    expected: int
    found: int
    lost: int
    added: int
    out_of_order: int

    @classmethod
    def between(cls, expected: Sequence[str], found: Sequence[str]) -> "Difference":
        """Compare two readings. A word that one reading cuts and the other does not is not lost."""
        missing, more = Counter(expected), Counter(found)
        missing, more = missing - more, more - missing
        lost, added = _without_other_cuts(missing, more, expected, found)
        return cls(len(expected), len(found), lost, added, _moved(expected, found))


def _without_other_cuts(
    missing: Counter[str], more: Counter[str], expected: Sequence[str], found: Sequence[str]
) -> tuple[int, int]:
    """Return how many words are lost and added when blanks inside words are not looked at."""
    lost = _not_within(missing, "".join(found), expected)
    added = _not_within(more, "".join(expected), found)
    return lost, added


def _not_within(words: Counter[str], letters: str, order: Sequence[str]) -> int:
    """Count the words of `words` that, with a neighbour on each side, are not in `letters` in one run."""
    if not words:
        return 0
    remaining = Counter(words)
    count = 0
    for position, word in enumerate(order):
        if remaining[word] > 0:
            remaining[word] -= 1
            context = "".join(order[max(0, position - 1) : position + 2])
            count += context not in letters
    return count


def _moved(expected: Sequence[str], found: Sequence[str]) -> int:
    """Return how many of the words that stand once in both are not in the longest run in the same order."""
    once = {word for word, count in Counter(expected).items() if count == 1}
    once &= {word for word, count in Counter(found).items() if count == 1}
    place = {word: position for position, word in enumerate(found) if word in once}
    ends: list[int] = []
    for word in expected:
        if word in once:
            at = bisect_left(ends, place[word])
            ends[at : at + 1] = [place[word]]
    return len(once) - len(ends)


def rows_kept(layout: str, lines: Sequence[str]) -> tuple[int, int]:
    """Return (kept, rows): the rows of tables in `layout`, and how many have all their words on one of our `lines`.

    A row of a table is a line of three cells or more, two blanks or more apart, of which one holds a digit.
    """
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    of_lines = [Counter(words_of(line)) for line in lines]
    for number, counted in enumerate(of_lines):
        for word in counted:
            by_word[word].append(number)
    kept = rows = 0
    for line in layout.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        words = Counter(words_of(line))
        if len(cells) < 3 or len(words) < 3 or not re.search(r"\d", line) or max(map(len, cells)) > 60:
            continue
        rows += 1
        candidates = by_word[min(words, key=lambda word: len(by_word[word]))]
        kept += any(not words - of_lines[number] for number in candidates)
    return kept, rows


def on_right_page(pages: Sequence[str], placed: Sequence[tuple[int, str]]) -> tuple[int, int]:
    """Return (right, words): the words that stand once in `pages`, and how many of them `placed` puts on their page."""
    counts = Counter(word for page in pages for word in words_of(page))
    page_of = {word: number for number, page in enumerate(pages, 1) for word in words_of(page) if counts[word] == 1}
    right = total = 0
    for number, text in placed:
        for word in words_of(text):
            if (expected := page_of.pop(word, None)) is not None:
                total += 1
                right += expected == number
    return right, total
