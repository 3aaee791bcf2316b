"""A trace and what a search found, as the terminal shows them."""

import textwrap
from collections.abc import Iterator

from rag.answers.trace import AnswerTrace

_INDENT = "    "


def scores(rank: int, given: tuple[float, float, float], document: str, location: str | None) -> str:
    """Return the line of a passage: its rank, its confidence, BM25 score and cosine, and where it stands."""
    score, lexical, dense = given
    place = f", {location}" if location else ""
    return f"{rank:>2}  {score:.2f}  words {lexical:6.2f}  vector {dense:5.2f}  {document}{place}"


def described(trace: AnswerTrace) -> str:
    """Return a trace as a person reads it: what was understood, what was found, and what the model received."""
    return "\n".join(_lines(trace))


def _lines(trace: AnswerTrace) -> Iterator[str]:
    understood = {
        "language": trace.language,
        "small talk": trace.small_talk,
        "follow-up": "yes" if trace.follow_up else "no",
        "searched for": trace.search_query,
        "rewritten": trace.rewritten_question,
        "confidence": None if trace.confidence is None else f"{trace.confidence:.2f}",
        "model": trace.model,
        "from the cache": "yes" if trace.cached else "no",
    }
    yield from (f"{name:<15}{value}" for name, value in understood.items() if value is not None)
    if trace.candidates:
        yield "\nFound:"
    for each in trace.candidates:
        number = "   " if each.number is None else f"[{each.number}]"
        given = each.score, each.lexical_score, each.dense_score
        line = scores(each.rank, given, each.document_name, each.location)
        yield f"{number} {line}"
    if trace.passages:
        yield "\nPassages that the model received:"
    for each in trace.passages:
        yield f"[{each.number}] {each.document_name}"
        yield textwrap.indent(each.content or "", _INDENT)
    if trace.prompt is not None:
        yield "\nThe prompt, word for word:"
        yield textwrap.indent(trace.prompt, _INDENT)
