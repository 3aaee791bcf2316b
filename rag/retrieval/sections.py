"""Passages joined with their neighbours of the same section: an answer that goes over a passage's edge is whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from rag.retrieval.passages import Passage
from rag.text.tokens import count_tokens

JOINED_TOKENS = 400
"""The most tokens of a passage with its neighbours: twice a passage's own at the most."""
CONTEXT_TOKENS = 1_500
"""The most tokens of all passages with their neighbours; passages alone may be more, and are then left as they are."""

Find = Callable[[UUID, int], Passage | None]
"""Returns the passage of a document that has a place in it, or None."""


def joined(passages: Sequence[Passage], find: Find) -> list[Passage]:
    """Return `passages`, best first, each with the text around it in its section, as far as there is room.

    A passage that another one has taken in is left out: its text is there. Which passage is cited, and where it stands,
    does not change.
    """
    lengths = {passage.chunk_id: count_tokens(passage.content) for passage in passages}
    room = CONTEXT_TOKENS - sum(lengths.values())
    taken: set[UUID] = set()
    kept: list[Passage] = []
    for passage in passages:
        if passage.chunk_id in taken:
            continue
        before, after, length = "", "", lengths[passage.chunk_id]
        for step in (1, -1):
            beside = find(passage.document_id, passage.chunk_index + step)
            if beside is None or beside.title != passage.title or beside.chunk_id in taken:
                continue
            tokens = count_tokens(beside.content)
            # What is among the passages already costs nothing more.
            more = 0 if beside.chunk_id in lengths else tokens
            is_kept = any(each.chunk_id == beside.chunk_id for each in kept)
            if is_kept or length + tokens > JOINED_TOKENS or more > room:
                continue
            length, room = length + tokens, room - more
            taken.add(beside.chunk_id)
            before, after = (before, beside.content) if step > 0 else (beside.content, after)
        kept.append(replace(passage, before=before, after=after))
    return kept
