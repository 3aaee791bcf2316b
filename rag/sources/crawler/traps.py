"""Addresses without end: calendars, paths that repeat themselves, filters in every combination.

No rule here is about one site. Each looks at the form of an address, and at how many pages of the same form led to it
one after the other (its `chain`). What a sitemap lists is no trap: somebody wants it read.
"""

import re
from collections import Counter
from collections.abc import Collection
from datetime import date
from urllib.parse import urlsplit

MAX_SEGMENTS = 20
"""The most parts of a path."""
MAX_PARAMETERS = 8
"""The most parts of a query."""
FILTERS = 3
"""Parameters from which on an address is taken for a combination of filters."""
MAX_COMBINATIONS = 100
"""Combinations of filters that are read of one path."""
MAX_CHAIN = 30
"""Pages of one form that lead to each other and to nothing else."""
MAX_DATED_CHAIN = 2
"""Months, weeks or days of a calendar that lead to each other."""
YEARS_AHEAD = 2

_REPEATED = re.compile(r"/((?=[^/]*[^/0-9])[^/]+(?:/[^/]+){0,3})(?:/\1){2}(?:/|$)")
# With something between year and month: 203105 is as likely to be the number of a product.
_DATE = re.compile(
    r"(?<![0-9A-Za-z])((?:19|20|21)\d\d)[-/_.](?:0?[1-9]|1[0-2])(?:[-/_.](?:0?[1-9]|[12]\d|3[01]))?(?![0-9A-Za-z])"
)
_LAST_DATE = re.compile(_DATE.pattern + r"/?\Z")
_TIME_NAME = re.compile(
    r"(?:y|m|d|w|year|month|week|day|date|jahr|monat|tag|datum|annee|mois|jour|start|end|from|to|since|until|ts|time"
    r"|timestamp)",
    re.IGNORECASE,
)
_TIME_VALUE = re.compile(r"[0-9%A-F:.TZ/_+-]+", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_YEAR_NAME = re.compile(r"(?:^|&)(?:y|year|jahr|annee)=(\d{1,6})(?:&|$)", re.IGNORECASE)


def has_trap_form(address: str, today: date) -> bool:
    """Tell whether an address has the form of one that a site makes without end."""
    parts = urlsplit(address)
    if len(parts.path.split("/")) - 1 > MAX_SEGMENTS or len(parts.query.split("&")) > MAX_PARAMETERS:
        return True
    return _REPEATED.search(parts.path) is not None or _is_out_of_time(parts.path, parts.query, today)


def is_combination(address: str) -> bool:
    """Tell whether an address is a combination of filters."""
    return urlsplit(address).query.count("&") >= FILTERS - 1


class Forms:
    """The forms of the addresses that a crawl has found, and how many combinations of filters of each path."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._combinations: Counter[str] = Counter()

    def add(self, address: str) -> bool:
        """Take down an address. False when it is one combination of filters too many of its path."""
        self._known.add(form_of(address))
        if not is_combination(address):
            return True
        path = urlsplit(address).path
        self._combinations[path] += 1
        return self._combinations[path] <= MAX_COMBINATIONS

    def leads_on(self, fresh: Collection[str], parent: str) -> bool:
        """Tell whether a page leads to new pages of another kind, as a list of articles does.

        Those that a month of a calendar leads to must be of a form that was not seen: each month has its days.
        """
        if _calendar(parent) is not None:
            return any(_calendar(address) is None and form_of(address) not in self._known for address in fresh)
        return any(form_of(address) != form_of(parent) for address in fresh)


def chain_of(address: str, parent: str, parent_chain: int, *, leads_on: bool) -> int:
    """Return how many pages of one kind led to an address one after the other.

    `leads_on` says what `Forms.leads_on` says of the parent: then a chain begins again.
    """
    is_dated = _calendar(address) is not None
    if is_dated != (_calendar(parent) is not None) or not (is_dated or form_of(address) == form_of(parent)):
        return 0
    return 1 if leads_on else parent_chain + 1


def is_too_long(address: str, chain: int) -> bool:
    """Tell whether a chain of pages goes on without end."""
    return chain > (MAX_CHAIN if _calendar(address) is None else MAX_DATED_CHAIN)


def form_of(address: str) -> str:
    """Return the form of an address: itself without its numbers."""
    return _NUMBER.sub("#", address)


def _calendar(address: str) -> str | None:
    """Return the path without the date that it ends with, or that its query has; None when it has none there."""
    parts = urlsplit(address)
    path = _LAST_DATE.sub("", parts.path)
    has_time = any(_is_time(*part.partition("=")[::2]) for part in parts.query.split("&") if part)
    return path if has_time or path != parts.path else None


def _is_time(name: str, value: str) -> bool:
    return bool(_DATE.fullmatch(value) or (_TIME_NAME.fullmatch(name) and _TIME_VALUE.fullmatch(value)))


def _is_out_of_time(path: str, query: str, today: date) -> bool:
    values = "/".join(part.partition("=")[2] for part in query.split("&"))
    years = [int(match[1]) for match in _DATE.finditer(f"{path}/{values}")]
    named = _YEAR_NAME.search(query)
    years += [int(named[1])] if named else []
    return any(year > today.year + YEARS_AHEAD for year in years)
