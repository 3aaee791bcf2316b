"""What a question asks for: its terms in each language, and whether it expects a quantity."""

import re
from dataclasses import dataclass

from rag.text.stop_words import LANGUAGES
from rag.text.terms import fold, term, words

# Distinct words of a question that are read; a longer question is a pasted text.
QUESTION_WORDS = 64


_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|old|far|large|big|tall|high|fast|often|deep|heavy|wide)\b|\bwhen\b|\bpercent"
    r"|\b(?:what|which)(?: \w+)? (?:year|date|day|month|century|decade|number|percentage|amount|age|size|price|cost)\b"
    r"|\bcombien\b|\bquand\b|\bpourcentage\b|\bquel age\b"
    r"|\bquel(?:le)?s?(?: \w+){0,3} (?:annees?|date|jour|mois|siecle|decennie|epoque|nombre|taille|superficie"
    r"|population|distance|longueur|hauteur|part|prix|montant|duree|cout)\b"
)


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """A question as it is compared: `terms[language]` maps the terms it has there, in order, to the words they stem."""

    terms: dict[str, dict[str, str]]
    expects_quantity: bool


def analyse_query(question: str) -> QueryTerms:
    """Return the terms of `question` in each language: its words may mean something in one and nothing in another."""
    found = list(dict.fromkeys(words(question)))
    terms: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        terms[language] = {}
        for word in found:
            if (stem := term(word, language)) is not None and len(terms[language]) < QUESTION_WORDS:
                terms[language].setdefault(f"{language}:{stem}", word)
    return QueryTerms(terms, bool(_QUANTITY.search(fold(question))))
