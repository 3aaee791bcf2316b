"""The answerer that needs no model: it quotes what the passages say to the question."""

import re
from collections.abc import AsyncIterator

from rag.models.local.quotations import quotations
from rag.models.protocols import Completion, Prompt, Token
from rag.text.language import detect
from rag.text.tokens import count_tokens

_QUOTING = {"en": "The documents say:", "fr": "Voici ce que disent les documents :"}
_WORD = re.compile(r"\s*\S+")


class LocalAnswerer:
    """Extractive answers: up to three quotations, each with the number of its passage, in the question's language.

    Tokens are counted approximately, as `rag.text.tokens.count_tokens` does. System prompt, history and temperature
    change nothing here: what is quoted depends on the question and the passages alone.
    """

    name = "local-extractive"
    provider = "monitora"

    def received(self, prompt: Prompt) -> str:
        """Return what is quoted for: the rest of a prompt is not read, but its passages."""
        return _asked(prompt)

    async def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield the answer word by word, then its `Completion`; stop with "length" at `prompt.max_tokens`."""
        answer = _answer(prompt)
        spent = 0
        finish_reason = "stop"
        for word in _WORD.findall(answer):
            spent += count_tokens(word)
            if spent > prompt.max_tokens:
                spent -= count_tokens(word)
                finish_reason = "length"
                break
            yield Token(word)
        read = [prompt.system, prompt.question, *(passage.whole for passage in prompt.passages)]
        read += [turn.content for turn in prompt.history]
        yield Completion(finish_reason, sum(map(count_tokens, read)), spent, self.name)


def _asked(prompt: Prompt) -> str:
    return prompt.search_query or prompt.question


def _answer(prompt: Prompt) -> str:
    language = prompt.language if prompt.language in _QUOTING else detect(prompt.question)
    found = quotations(_asked(prompt), prompt.passages)
    if not found:
        return " ".join(filter(None, (prompt.no_answer, prompt.suggestions)))
    parts = []
    for quotation in found:
        *before, last = quotation.lines
        parts.append("\n".join([*before, f"{last} [{quotation.number}]"]))
    return f"{_QUOTING[language]}\n\n" + "\n\n".join(parts)
