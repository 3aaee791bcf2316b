"""Words that differ by a slip of the keyboard."""

import string

LETTERS = string.ascii_lowercase
SHORTEST = 4
"""Shorter words have too many neighbours: of them only letters that changed places are a slip."""


def slips(word: str) -> set[str]:
    """Return what one slip makes of a folded word: a letter too many, too few, another one, or two exchanged.

    The first letter stays, or changes places with the second: few people get it wrong, and more would be noise.
    """
    splits = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    swapped = {word[1] + word[0] + word[2:]} if len(word) > 1 else set()
    swapped |= {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    if len(word) < SHORTEST:
        return swapped - {word}
    dropped = {left + right[1:] for left, right in splits if right}
    replaced = {left + letter + right[1:] for left, right in splits if right for letter in LETTERS}
    added = {left + letter + right for left, right in splits for letter in LETTERS}
    return (swapped | dropped | replaced | added) - {word}


def distance(one: str, other: str) -> int:
    """Return how many slips lie between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before = before, row
        row = [at]
        for column, against in enumerate(other, 1):
            cost = min(row[-1] + 1, before[column] + 1, before[column - 1] + (letter != against))
            if at > 1 and column > 1 and letter == other[column - 2] and against == one[at - 2]:
                cost = min(cost, earlier[column - 2] + 1)
            row.append(cost)
    return row[-1]
