"""What the fields of the graph cost, beside the graph.

The unit is one value of a response: a field costs 1 each time it appears, which takes a server some ten microseconds.
What is listed here costs more, because a row, a statement or a model stands behind it, or is a list without pages. The
terms are those of IBM's cost directives (https://ibm.github.io/graphql-specs/cost-spec.html): a weight, and the size
that a list is assumed to have.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.clock import today
from resolvers.analytics import DEFAULT_DAYS, MAX_DAYS
from schema.relay.connections import DEFAULT_PAGE, MAX_PAGE

Arguments = Mapping[str, Any]
"""What of a field's arguments says how long its list is: JSON values, variables filled in."""


def page_size(arguments: Arguments) -> int:
    """Return how many items a page of a connection may have."""
    asked = [arguments[name] for name in ("first", "last") if arguments.get(name) is not None]
    sizes = [min(max(size, 0), MAX_PAGE) if isinstance(size, int) else MAX_PAGE for size in asked]
    return max(sizes, default=DEFAULT_PAGE)


def days(arguments: Arguments) -> int:
    """Return how many days a period may have."""
    if arguments.get("from") is None:
        return DEFAULT_DAYS
    with suppress(TypeError, ValueError):
        last = dt.date.fromisoformat(arguments["to"]) if arguments.get("to") else today()
        return min(max((last - dt.date.fromisoformat(arguments["from"])).days + 1, 0), MAX_DAYS)
    return MAX_DAYS


SIZE_ARGUMENTS = frozenset({"first", "last", "from", "to"})
"""The arguments that say how long a list is."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a field costs: itself once, and what is inside it as often as its list is long."""

    weight: int = 1
    size: int | Callable[[Arguments], int] = 1


ITEM_WEIGHT = 5
"""What each item of a page costs, beside its fields: a row is read for it."""
VALUE = Price()
PAGE = Price(weight=10)
COUNT = Price(weight=10)
STATEMENT = Price(weight=10)
CHANGE = Price(weight=50)
ANSWER = Price(weight=500)
PASSWORD = Price(weight=500)
SOURCES = Price(size=8)

PRICES: Mapping[str, Price] = {
    "Query.__schema": Price(weight=500),
    "Query.__type": Price(weight=50),
    "__Schema.types": Price(size=20),
    "__Schema.directives": Price(size=5),
    "Query.me": STATEMENT,
    "Query.node": STATEMENT,
    "Query.workspace": STATEMENT,
    "Query.conversation": STATEMENT,
    "Workspace.analytics": Price(weight=10, size=days),
    "Workspace.dailyMetrics": Price(weight=10, size=days),
    "Workspace.insights": Price(weight=5),
    "Workspace.storage": Price(weight=5),
    "User.storage": STATEMENT,
    "Workspace.stats": STATEMENT,
    "Workspace.metrics": Price(weight=100),
    "Message.sources": SOURCES,
    "AnswerStarted.sources": SOURCES,
    "Mutation.register": PASSWORD,
    "Mutation.login": PASSWORD,
    "Mutation.changePassword": PASSWORD,
    "Mutation.uploadDocument": Price(weight=500),
    "Mutation.retryDocument": Price(weight=500),
    "Mutation.recalculateInsights": Price(weight=200),
    "Mutation.sendMessage": ANSWER,
    "Mutation.regenerateAnswer": ANSWER,
    "Subscription.chat": ANSWER,
    "Subscription.answer": CHANGE,
}
"""The prices that differ from their kind's, by type and field."""


def price_of(type_name: str, field_name: str, *, is_page: bool) -> Price:
    """Return what a field costs; `is_page` says that it is a connection, whose size its arguments tell."""
    found = PRICES.get(f"{type_name}.{field_name}")
    if found is not None:
        return found
    if is_page:
        return PAGE
    if field_name == "totalCount":
        return COUNT
    return CHANGE if type_name in {"Mutation", "Subscription"} else VALUE
