"""Addresses without end: calendars, paths that repeat themselves, filters in every combination.

No rule here is about one site. Each looks at the form of an address, and at how many pages of the same form led to it
one after the other (its `chain`). What a sitemap lists is no trap: somebody wants it read.
"""

import re
from collections import Counter
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
"""Pages of one form that lead to each other and to nothing new."""
MAX_DATED_CHAIN = 4
"""Months, weeks or days of a calendar that lead to each other."""
YEARS_AHEAD = 2

_REPEATED = re.compile(r"/((?=[^/]*[^/0-9])[^/]+(?:/[^/]+){0,3})(?:/\1){2}(?:/|$)")
# With something between year and month: 203105 is as likely to be the number of a product.
_DATE = re.compile(
    r"(?<![0-9A-Za-z])((?:19|20|21)\d\d)[-/_.](?:0?[1-9]|1[0-2])(?:[-/_.](?:0?[1-9]|[12]\d|3[01]))?(?![0-9A-Za-z])"
)
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


class Combinations:
    """How many combinations of filters were found of each path."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def add(self, address: str) -> bool:
        """Count an address. False when it is one combination too many of its path."""
        if not is_combination(address):
            return True
        path = urlsplit(address).path
        self._found[path] += 1
        return self._found[path] <= MAX_COMBINATIONS


def chain_of(address: str, parent: str, parent_chain: int, *, is_fruitful: bool) -> int:
    """Return how many pages of the same form led to an address one after the other.

    `is_fruitful` says that the parent led to new pages of another form, too, as a list of articles does: then a
    chain that is none of a calendar begins again.
    """
    family = _dated_family(address)
    if family is not None and family == _dated_family(parent):
        return parent_chain + 1
    if form_of(address) != form_of(parent):
        return 0
    return 1 if is_fruitful else parent_chain + 1


def is_too_long(address: str, chain: int) -> bool:
    """Tell whether a chain of pages goes on without end."""
    return chain > (MAX_CHAIN if _dated_family(address) is None else MAX_DATED_CHAIN)


def form_of(address: str) -> str:
    """Return the form of an address: itself without its numbers."""
    return _NUMBER.sub("#", address)


def _dated_family(address: str) -> str | None:
    """Return what an address is without its dates, or None when it has none."""
    parts = urlsplit(address)
    path = _DATE.sub("#", parts.path)
    kept, times = [], 0
    for part in parts.query.split("&") if parts.query else []:
        name, _, value = part.partition("=")
        is_time = bool(_DATE.fullmatch(value)) or bool(_TIME_NAME.fullmatch(name) and _TIME_VALUE.fullmatch(value))
        times += is_time
        if not is_time:
            kept.append(part)
    if path == parts.path and not times:
        return None
    return path.replace("/#", "").rstrip("/") + "?" + "&".join(kept)


def _is_out_of_time(path: str, query: str, today: date) -> bool:
    values = "/".join(part.partition("=")[2] for part in query.split("&"))
    years = [int(match[1]) for match in _DATE.finditer(f"{path}/{values}")]
    named = _YEAR_NAME.search(query)
    years += [int(named[1])] if named else []
    return any(year > today.year + YEARS_AHEAD for year in years)
