"""What the fields of the graph cost, beside the graph.

The unit is one value of a response: a field costs 1 each time it appears, which takes a server some ten microseconds.
What is listed here costs more, because a row, a statement or a model stands behind it, or is a list without pages, or a
long text. The terms are those of IBM's cost directives (https://ibm.github.io/graphql-specs/cost-spec.html): a weight,
and the size that a list is assumed to have.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.clock import today
from rag.answers.citations import EXCERPT_CHARACTERS
from rag.retrieval.retriever import CANDIDATES, PASSAGES
from resolvers import conversations, databases, search
from resolvers.analytics import DEFAULT_DAYS, MAX_DAYS
from resolvers.workspaces import origins, widget_settings, workspaces
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


def hits(arguments: Arguments) -> int:
    """Return how many passages a search may find."""
    asked = arguments.get("first")
    return search.DEFAULT_HITS if asked is None else min(max(asked, 0), search.MAX_HITS)


SIZE_ARGUMENTS = frozenset({"first", "last", "from", "to"})
"""The arguments that say how long a list is."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a field costs: itself once, and what is inside it as often as its list is long."""

    weight: int = 1
    size: int | Callable[[Arguments], int] = 1


TEXT_UNIT = 100
"""Characters of a text that cost as much as one value."""
MESSAGE_CHARACTERS = 4_000
"""What a message counts, the most that a question has by default. An operator may allow more and answers are bounded in
tokens, but an operation must not cost more on one server than on another."""
PASSAGE_CHARACTERS = 2_000
"""What a passage counts: some 400 tokens."""

PROMPT_CHARACTERS = 20_000
"""What a prompt counts: rules, five passages and some earlier messages."""


def text(characters: int) -> Price:
    """Return what a text costs that may have this many characters. One of 500 or fewer is a value like any other."""
    return Price(weight=1 + math.ceil(characters / TEXT_UNIT))


ITEM_WEIGHT = 5
"""What each item of a page costs, beside its fields: a row is read for it."""
VALUE = Price()
PAGE = Price(weight=10)
COUNT = Price(weight=10)
STATEMENT = Price(weight=10)
CHANGE = Price(weight=50)
ANSWER = Price(weight=500)
PASSWORD = Price(weight=5_000)
"""A password is weighed for some 50 ms, in 64 MB: hardly more than one in an operation."""
SOURCES = Price(size=8)
"""`Source.url` is a value like any other, although an address may have 2,000 characters: nearly all are short, and the
bytes of a response are counted besides."""

PRICES: Mapping[str, Price] = {
    # The introspection query costs some 10,000, about the values of its response; twice as much is not for strangers.
    "Query.__schema": Price(weight=1_000),
    "Query.__type": Price(weight=50),
    "__Schema.types": Price(weight=300, size=40),
    "__Type.fields": Price(weight=10, size=2),
    "__Schema.directives": Price(size=5),
    "Query.me": STATEMENT,
    "Query.node": STATEMENT,
    "Query.workspace": STATEMENT,
    "Query.conversation": STATEMENT,
    "Workspace.analytics": Price(weight=10, size=days),
    "Workspace.dailyMetrics": Price(weight=10, size=days),
    "Workspace.insights": Price(weight=5),
    "Workspace.search": Price(weight=500, size=hits),
    "Workspace.storage": Price(weight=5),
    "User.storage": STATEMENT,
    "Workspace.stats": STATEMENT,
    "Workspace.metrics": Price(weight=100),
    "Workspace.description": text(workspaces.MAX_DESCRIPTION_CHARACTERS),
    "Workspace.websiteUrl": text(workspaces.MAX_URL_CHARACTERS),
    "Workspace.allowedDomains": text(origins.MAX_DOMAINS * origins.MAX_DOMAIN_CHARACTERS),
    "Workspace.customCss": text(workspaces.MAX_CSS_CHARACTERS),
    "Workspace.systemPrompt": text(workspaces.MAX_PROMPT_CHARACTERS),
    "Workspace.noAnswerText": text(workspaces.MAX_NO_ANSWER_CHARACTERS),
    "Workspace.noAnswerTextFr": text(workspaces.MAX_NO_ANSWER_CHARACTERS),
    "Workspace.contactUrl": text(workspaces.MAX_CONTACT_CHARACTERS),
    "WidgetSettings.welcome": text(widget_settings.MAX_WELCOME_CHARACTERS),
    "WidgetSettings.suggestedQuestions": text(widget_settings.MAX_QUESTIONS * widget_settings.MAX_QUESTION_CHARACTERS),
    "WidgetSettings.avatarUrl": text(widget_settings.MAX_URL_CHARACTERS),
    "WidgetSettings.customCss": text(workspaces.MAX_CSS_CHARACTERS),
    "WorkspaceDatabase.description": text(databases.MAX_DESCRIPTION_CHARACTERS),
    "Document.warnings": Price(size=5),
    "Document.url": text(workspaces.MAX_URL_CHARACTERS),
    "Website.url": text(workspaces.MAX_URL_CHARACTERS),
    "WebsitePage.url": text(workspaces.MAX_URL_CHARACTERS),
    "Passage.content": text(PASSAGE_CHARACTERS),
    "DuplicateDocument.document": STATEMENT,
    "Message.content": text(MESSAGE_CHARACTERS),
    "Message.feedbackComment": text(conversations.MAX_COMMENT_CHARACTERS),
    "Message.sources": SOURCES,
    "AnswerTrace.candidates": Price(size=CANDIDATES),
    "AnswerTrace.passages": Price(size=PASSAGES),
    "AnswerTrace.prompt": text(PROMPT_CHARACTERS),
    "TracePassage.content": text(PASSAGE_CHARACTERS),
    "Source.excerpt": text(EXCERPT_CHARACTERS),
    "AnswerStarted.sources": SOURCES,
    "Mutation.register": PASSWORD,
    "Mutation.login": PASSWORD,
    "Mutation.changePassword": PASSWORD,
    "Mutation.uploadDocument": Price(weight=500),
    "Mutation.addText": Price(weight=500),
    "Mutation.replaceDocument": Price(weight=500),
    "Mutation.retryDocument": Price(weight=500),
    "Mutation.retryFailedDocuments": Price(weight=500),
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
    if field_name in {"totalCount", "totalCountIsExact"}:
        return COUNT
    return CHANGE if type_name in {"Mutation", "Subscription"} else VALUE
