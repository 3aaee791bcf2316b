"""Everything one owner has, a row of every table with a value in every column, and the people who look at it."""

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Boolean, Column, Date, Float, Integer, LargeBinary, Table, Uuid, insert, select, update

from core.clock import now
from core.errors import ErrorCode
from core.outbound import SsrfGuard
from core.security.keys import digest
from core.security.tokens import StaffClaims
from data.engine import Session
from data.models import Model, Role, WebsitePageReason, WebsitePageStatus, WebsiteStatus, global_id
from data.types import Chosen, Json, UtcDateTime, Vector
from rag.answers import events
from rag.answers.citations import DocumentCitation, citation_from_json
from rag.answers.conversation_events import ActivityKind, ConversationEvent
from rag.answers.trace import AnswerTrace, TracedPassage
from rag.sources.crawler.events import WebsiteEvent
from resolvers.errors import NotFound
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People, Person, Shop
from tests.support.rows import fetch

MARK = "¤"
"""In every text the owner has, and in nobody else's."""
VIEWERS = (
    "anonymous",
    "visitor elsewhere",
    "other visitor",
    "own visitor",
    "lecteur",
    "lecteur without",
    "other admin",
    "owner",
)
"""Who looks, in the order of the table's columns."""
AT_HOME = ("own visitor", "lecteur", "owner")
"""Who may see what is added to the owner's workspace: whatever they are shown is the owner's, accounts aside."""
LATER = dt.timedelta(hours=1)


@dataclass
class TenantFixture:
    """What the owner has, by table, and everyone who looks at it."""

    services: Services
    file: Path
    rows: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    identifiers: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    document: UUID = field(default_factory=uuid4)

    def is_mentioned_in(self, value: Any, viewer: str) -> bool:
        """Tell whether a part of what a viewer is answered is the owner's."""
        return any(self._is_the_owners(text, viewer) for text in _texts(value))

    def _is_the_owners(self, text: str, viewer: str) -> bool:
        if MARK in text or any(identifier in text for identifier in self.identifiers.values()):
            return True
        with suppress(NotFound):
            return viewer in AT_HOME and parse_id(text)[0] not in {"User", "LoginSession"}
        return False

    def stored(self) -> dict[str, list[str]]:
        """Return every row of every table, to be compared."""
        with closing(sqlite3.connect(self.file)) as connection:
            return {
                name: sorted(repr(row) for row in connection.execute(f'SELECT * FROM "{name}"'))
                for name in Model.metadata.tables
            }

    def save(self) -> Path:
        """Keep the rows as they are, in a file beside."""
        saved = self.file.with_suffix(".saved")
        _copy(self.file, saved)
        return saved

    async def restore(self, saved: Path) -> None:
        """Put the rows back."""
        await asyncio.to_thread(_copy, saved, self.file)

    async def run_activity(self) -> None:
        """Let something happen that the team's live view tells."""
        keys = (self.rows[table]["id"] for table in ("workspaces", "conversations", "messages"))
        await self.services.answers.events.publish(ConversationEvent(ActivityKind.MESSAGE_ADDED, *keys))
        page = f"https://{MARK}.example/page", WebsitePageStatus.SKIPPED, WebsitePageReason.EXCLUDED
        counts = (9, 1, 1, 1, 1, 1)
        key = self.rows["websites"]["id"]
        await self.services.crawl.events.publish(
            WebsiteEvent(key, WebsiteStatus.FAILED, *counts, f"{MARK} error", *page)
        )


async def furnished(services: Services, file: Path) -> TenantFixture:
    """Return an owner with something of everything, and everyone who may look at it."""
    # A name of the internet for the resolvers, and none for the crawl: it asks nobody.
    services = replace(services, ssrf_guard=SsrfGuard(resolve=_somewhere))
    tenant, people = TenantFixture(services, file), People(services)
    await _open_accounts(tenant, people)
    secret = f"{MARK}secret"
    question, failed = uuid4(), uuid4()
    for table in Model.metadata.sorted_tables:
        # No viewer reads the jobs, and the server would do one in the middle of the test; triggers store the figures.
        if table.name in {"jobs", "workspace_figures"}:
            continue
        if table.name in {"app_users", "profiles", "app_sessions"}:
            await _complete(tenant, table)
        else:
            await _store(tenant, table)
    answer, conversation = tenant.rows["messages"], tenant.rows["conversations"]
    await _add(tenant, "api_keys", id=uuid4(), key_hash=digest(secret), revoked_at=None)
    said = {"role": "user", "conversation_id": conversation["id"], "reply_to_id": None}
    await _add(tenant, "messages", **said, id=question, answer_id=answer["id"])
    await _add(tenant, "messages", **said, id=uuid4(), answer_id=failed)
    messages = Model.metadata.tables["messages"]
    await _run(tenant, update(messages).where(messages.c.id == answer["id"]).values(reply_to_id=question))
    await services.storage.save(tenant.rows["workspaces"]["id"], tenant.rows["documents"]["id"], b"Something to read.")
    await _tell(tenant, question, failed)
    tenant.identifiers |= {
        "question": global_id("Message", question),
        "failed answer": global_id("Message", failed),
    }
    tenant.names["api key"] = secret
    await _let_visitors_in(tenant, people)
    return tenant


async def _somewhere(_name: str) -> list[str]:
    return ["93.184.216.34"]


async def _open_accounts(tenant: TenantFixture, people: People) -> None:
    tenant.people["anonymous"] = people.anyone
    for viewer, role in (
        ("owner", Role.ADMIN),
        ("other admin", Role.ADMIN),
        ("lecteur", Role.LECTEUR),
        ("lecteur without", Role.LECTEUR),
    ):
        tenant.people[viewer], tenant.names[viewer] = await people.account(role)
    # The owner reads the name of whom they share with.
    accounts = Model.metadata.tables["app_users"]
    reader = update(accounts).where(accounts.c.id == _user_id(tenant, "lecteur"))
    await _run(tenant, reader.values(full_name="Rea Reader"))


async def _let_visitors_in(tenant: TenantFixture, people: People) -> None:
    owner, elsewhere = tenant.people["owner"], await people.shop(tenant.people["other admin"])
    home = Shop(owner, tenant.identifiers["Workspace"])
    for viewer, shop in (("visitor elsewhere", elsewhere), ("other visitor", home), ("own visitor", home)):
        tenant.people[viewer] = await shop.visitor()
    own = tenant.services.tokens.returning_visitor(tenant.people["own visitor"].token or "")
    assert own is not None
    conversations = Model.metadata.tables["conversations"]
    statement = update(conversations).where(conversations.c.id == tenant.rows["conversations"]["id"])
    await _run(tenant, statement.values(visitor_id=own.visitor_id))


async def _tell(tenant: TenantFixture, question: UUID, failed: UUID) -> None:
    """Write what happened while the two questions were answered."""
    log, answer = tenant.services.answers.event_log, tenant.rows["messages"]
    source = citation_from_json(answer["rag_sources"][0])
    await log.open(answer["id"])
    await log.append(answer["id"], events.AnswerStarted(answer["conversation_id"], question, (source,)))
    await log.append(answer["id"], events.AnswerDelta(f"{MARK} text"))
    await log.append(answer["id"], events.AnswerFinished(answer["id"]))
    await log.open(failed)
    await log.append(failed, events.AnswerFailed(ErrorCode.MODEL_TIMEOUT, f"{MARK} text", retryable=True))


async def _complete(tenant: TenantFixture, table: Table) -> None:
    """Give a value to what is empty in a row that the owner's registration made."""
    key: Column[Any] = table.c.user_id if "user_id" in table.c else table.c.id
    where = key == _user_id(tenant, "owner")
    found = await fetch(tenant.services.database, select(table).where(where))
    row = dict(found[0]._mapping)
    row |= {column.name: _value(tenant, column) for column in table.c if row[column.name] is None}
    await _run(tenant, update(table).where(where).values(row))
    _keep(tenant, table, row)


async def _store(tenant: TenantFixture, table: Table) -> None:
    row = {column.name: _value(tenant, column) for column in table.c}
    await _run(tenant, insert(table).values(row))
    _keep(tenant, table, row)


async def _add(tenant: TenantFixture, name: str, **values: Any) -> None:
    """Store another row like the first of a table."""
    await _run(tenant, insert(Model.metadata.tables[name]).values({**tenant.rows[name], **values}))


def _keep(tenant: TenantFixture, table: Table, row: dict[str, Any]) -> None:
    tenant.rows[table.name] = row
    for mapper in Model.registry.mappers:
        if mapper.local_table is table and hasattr(mapper.class_, "node_name"):
            tenant.identifiers[mapper.class_.node_name] = global_id(mapper.class_.node_name, row["id"])


def _value(tenant: TenantFixture, column: Column[Any]) -> Any:
    """Return a value for a column: what it must be, or what anything of its type is."""
    place = f"{column.table.name}.{column.name}"
    fixed = _fixed(tenant, column)
    if place in fixed:
        return fixed[place]
    for foreign_key in column.foreign_keys:
        if foreign_key.column.table.name in tenant.rows:
            return tenant.rows[foreign_key.column.table.name][foreign_key.column.name]
        return None
    return _typical(column)


def _fixed(tenant: TenantFixture, column: Column[Any]) -> dict[str, Any]:
    document = tenant.document
    source = DocumentCitation(
        document, f"{MARK} name", 0, f"{MARK} excerpt", 0.5, f"{MARK} page", f"https://{MARK}.example"
    )
    return {
        "app_users.locked_until": now() - LATER,
        "document_chunks.places": [[0, f"{MARK} page"]],
        "documents.deleted_at": None,
        "documents.replacement_path": None,
        "documents.replacement_size": None,
        "documents.status": "failed",
        "documents.error_code": "FILE_UNREADABLE",
        "documents.file_path": f"{tenant.rows.get('workspaces', {}).get('id')}/{document}",
        "documents.file_type": "text",
        "documents.id": document,
        "documents.is_indexed": True,
        "documents.language": "en",
        "documents.url": f"https://{MARK}.example",
        "documents.warnings": [f"{MARK} warning"],
        "messages.role": "assistant",
        "messages.rag_sources": [source.as_json()],
        "message_traces.content": AnswerTrace(
            language=f"{MARK} language",
            small_talk=f"{MARK} kind",
            follow_up=True,
            search_query=f"{MARK} query",
            rewritten_question=f"{MARK} question",
            confidence=0.5,
            candidates=(
                TracedPassage(1, 1, document, f"{MARK} name", 0, f"{MARK} page", 0.5, 1.0, 0.5, f"{MARK} content"),
            ),
            prompt=f"{MARK} prompt",
            model=f"{MARK} model",
            cached=True,
            is_cut=True,
        ).as_json(),
        "messages.metadata": {"model": f"{MARK} model", "finish_reason": "stop"},
        "websites.url": f"https://{MARK}.example",
        "websites.status": "ready",
        "websites.error_code": "WEBSITE_UNREACHABLE",
        "websites.include_patterns": [f"/{MARK}"],
        "websites.exclude_patterns": [f"/{MARK}"],
        "websites.next_crawl_at": now() + LATER,
        "website_pages.url": f"https://{MARK}.example/page",
        "website_pages.document_id": document,
        "website_pages.is_due": False,
        "audit_log.action": "conversation_deleted",
        "message_topics.sample_questions": [f"{MARK} question"],
        "response_cache.ttl_seconds": 3_600,
        "workspaces.allowed_domains": [f"{MARK}.example"],
        "workspaces.model": f"{MARK} model",
        "workspaces.website_url": f"https://{MARK}.example",
        "workspaces.widget_settings": {
            "title": f"{MARK} title",
            "welcome": f"{MARK} welcome",
            "suggested_questions": [f"{MARK} question"],
            "accent_color": "#112233",
            "avatar_url": f"https://{MARK}.example",
            "locale": "en",
        },
        "workspace_members.user_id": _user_id(tenant, "lecteur"),
    }


def _user_id(tenant: TenantFixture, viewer: str) -> UUID:
    claims = tenant.services.tokens.read(tenant.people[viewer].token or "")
    assert isinstance(claims, StaffClaims)
    return claims.user_id


def _typical(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Chosen):
        return next(iter(cast("type[StrEnum]", kind.choices)))
    if isinstance(kind, UtcDateTime):
        return now() + LATER if column.name.startswith("expires") else now()
    typical: dict[type[Any], Any] = {
        Uuid: uuid4(),
        Json: {"text": f"{MARK} {column.name}"},
        Vector: np.ones(4, dtype=np.float32),
        Boolean: True,
        Integer: 1,
        Float: 0.5,
        Date: now().date(),
        LargeBinary: MARK.encode(),
    }
    for python_type, value in typical.items():
        if isinstance(kind, python_type):
            return value
    return f"{MARK} {column.name}"[: getattr(kind, "length", None)]


async def _run(tenant: TenantFixture, statement: Any) -> None:
    async def work(session: Session) -> None:
        await session.execute(statement)

    await tenant.services.database.write(work)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
