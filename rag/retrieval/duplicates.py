"""Passages that say the same: the same file twice, a footer on each page."""

import re
from collections.abc import Iterable

from rag.retrieval.passages import Passage

_ALIKE = 0.9
# Of shorter texts, the document says what they are about: "The tank holds 300 ml."
_TELLING_WORDS = 8
_WORD = re.compile(r"\w+(?:[-.,']\w+)*")


def distinct(ranked: Iterable[Passage], limit: int) -> list[Passage]:
    """Return the first `limit` of passages in order, those left out that only repeat an earlier one.

    Two passages say the same when nine words in ten are the same, and no number, name or code differs.
    """
    kept: list[tuple[Passage, set[str]]] = []
    for passage in ranked:
        if len(kept) == limit:
            break
        words = set(_WORD.findall(passage.content))
        if not any(_say_the_same(passage, words, *other) for other in kept):
            kept.append((passage, words))
    return [passage for passage, _ in kept]


def _say_the_same(one: Passage, words: set[str], other: Passage, others: set[str]) -> bool:
    together = one.document_id == other.document_id or one.document_name == other.document_name
    if not together and min(len(words), len(others)) < _TELLING_WORDS:
        return False
    if len(words & others) < _ALIKE * len(words | others):
        return False
    return all(word.islower() and word.isalpha() for word in words ^ others)
