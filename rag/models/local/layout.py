"""How the sentences of a passage stand to each other: labels and what follows them, lists, and lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.retrieval.passages import Passage
from rag.text.sentences import sentence_spans
from rag.text.terms import terms

_MAX_LABEL_CHARACTERS = 80
_MAX_ANSWER_SENTENCES = 4
_MAX_LIST_ITEMS = 30

_LIST_ITEM = re.compile(r"(?:[-–—•*+]|\d{1,3}[.)]|[a-z]\))\s+\S")
_QUESTION_MARK = re.compile(r"(?:Q|Question|F|Frage)\s*[:.)]\s+", re.IGNORECASE)
_ENDS_SENTENCE = re.compile(r"[.!;,…][\"'»”)\]]*$")
_VALUE = re.compile(r"\d|^[a-zà-öø-ÿ]")
"""A line that holds a number, or begins with a small letter, is what a label is for."""
_VALUE_AFTER_COLON = re.compile(r":\s+\S")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its terms; `paragraph` counts the blank lines before it, `is_line` says that it is a line."""

    text: str
    terms: tuple[str, ...]
    paragraph: int
    is_line: bool

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return _LIST_ITEM.match(self.text) is not None

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.text.rstrip("*_ ").endswith("?") or _QUESTION_MARK.match(self.text) is not None


class Layout:
    """The sentences of a passage with its neighbours, and which of them belong together."""

    def __init__(self, passage: Passage) -> None:
        self.sentences = list(_sentences(passage))

    def is_label(self, at: int) -> bool:
        """Tell whether a sentence stands above its answer: a question, or a short line that is no sentence."""
        if at + 1 >= len(self.sentences):
            return False
        sentence = self.sentences[at]
        if sentence.asks:
            return True
        return (
            sentence.is_line
            and not sentence.is_item
            and len(sentence.text) <= _MAX_LABEL_CHARACTERS
            and not _ENDS_SENTENCE.search(sentence.text)
            and not _VALUE_AFTER_COLON.search(sentence.text)
            and not _VALUE.search(sentence.text)
            and self.sentences[at + 1].text != sentence.text
        )

    def answer_after(self, label: int) -> int:
        """Return where the answer ends that begins after a label: a list whole, or the paragraph that follows."""
        first = label + 1
        while first < len(self.sentences) - 1 and self.is_label(first) and not self.sentences[first].asks:
            first += 1  # a title above a title
        if self.sentences[first].is_item:
            return self.end_of_list(first)
        end = first + 1
        while (
            end < len(self.sentences)
            and end - first < _MAX_ANSWER_SENTENCES
            and self.sentences[end].paragraph == self.sentences[first].paragraph
            and not self.is_label(end)
            and not self.sentences[end].is_item
        ):
            end += 1
        if (
            self.sentences[end - 1].text.rstrip().endswith(":")
            and end < len(self.sentences)
            and self.sentences[end].is_item
        ):
            end = self.end_of_list(end)
        return end

    def end_of_list(self, first: int) -> int:
        """Return where the list ends whose item is at `first`, or at most `_MAX_LIST_ITEMS` items after it."""
        end = first
        while end < min(len(self.sentences), first + _MAX_LIST_ITEMS) and self.sentences[end].is_item:
            end += 1
        return end

    def start_of_list(self, item: int) -> int:
        """Return where the list of an item begins: at the sentence that introduces it, if one does."""
        start = item
        while start > 0 and self.sentences[start - 1].is_item:
            start -= 1
        introduces = start > 0 and self.sentences[start - 1].text.rstrip().endswith(":")
        return start - 1 if introduces else start

    def lines(self, first: int, end: int) -> tuple[str, ...]:
        """Return the sentences from `first` on: those of one line together."""
        lines: list[str] = []
        for at in range(first, end):
            sentence = self.sentences[at]
            goes_on = lines and not sentence.is_line and self.sentences[at - 1].paragraph == sentence.paragraph
            if goes_on and not self.sentences[at - 1].is_line:
                lines[-1] += f" {sentence.text}"
            else:
                lines.append(sentence.text)
        return tuple(lines)


def _sentences(passage: Passage) -> Iterator[Sentence]:
    content, paragraph, seen = passage.whole, 0, 0
    for start, end in sentence_spans(content):
        between = content[seen:start]
        paragraph += between.count("\n\n")
        before = content.rfind("\n", 0, start) + 1
        after = content.find("\n", end)
        line = content[before : len(content) if after < 0 else after]
        text = content[start:end]
        yield Sentence(text, tuple(terms(text, passage.language)), paragraph, line.strip() == text)
        seen = end
