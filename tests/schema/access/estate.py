"""Everything one owner has, a row of every table with a value in every column, and the people who look at it."""

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Boolean, Column, Date, Float, Integer, LargeBinary, Table, Uuid, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import now
from core.security.keys import digest
from core.security.tokens import StaffClaims
from data.models import Model, Role, global_id
from data.types import Chosen, Json, UtcDateTime, Vector
from rag.answers import events
from rag.answers.citations import Source
from rag.answers.conversation_events import Activity, ActivityKind
from resolvers.errors import NotFound
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People, Person, Shop

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
class Estate:
    """What the owner has, by table, and everyone who looks at it."""

    services: Services
    file: Path
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
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

    async def stir(self) -> None:
        """Let something happen that the team's live view tells."""
        keys = (self.rows[table]["id"] for table in ("workspaces", "conversations", "messages"))
        await self.services.answers.activity.post(Activity(ActivityKind.MESSAGE_ADDED, *keys))


async def furnished(services: Services, file: Path) -> Estate:
    """Return an owner with something of everything, and everyone who may look at it."""
    estate, people = Estate(services, file), People(services)
    await _open_accounts(estate, people)
    secret = f"{MARK}secret"
    question, failed = uuid4(), uuid4()
    for table in Model.metadata.sorted_tables:
        if table.name in {"app_users", "profiles", "app_sessions"}:
            await _complete(estate, table)
        else:
            await _store(estate, table)
    answer, conversation = estate.rows["messages"], estate.rows["conversations"]
    await _add(estate, "api_keys", id=uuid4(), key_hash=digest(secret), revoked_at=None)
    said = {"role": "user", "conversation_id": conversation["id"], "reply_to_id": None}
    await _add(estate, "messages", **said, id=question, answer_id=answer["id"])
    await _add(estate, "messages", **said, id=uuid4(), answer_id=failed)
    messages = Model.metadata.tables["messages"]
    await _run(estate, update(messages).where(messages.c.id == answer["id"]).values(reply_to_id=question))
    await services.storage.save(estate.rows["workspaces"]["id"], estate.rows["documents"]["id"], b"Something to read.")
    await _tell(estate, question, failed)
    estate.identifiers |= {
        "question": global_id("Message", question),
        "failed answer": global_id("Message", failed),
    }
    estate.names["api key"] = secret
    await _let_visitors_in(estate, people)
    return estate


async def _open_accounts(estate: Estate, people: People) -> None:
    estate.people["anonymous"] = people.anyone
    for viewer, role in (
        ("owner", Role.ADMIN),
        ("other admin", Role.ADMIN),
        ("lecteur", Role.LECTEUR),
        ("lecteur without", Role.LECTEUR),
    ):
        estate.people[viewer], estate.names[viewer] = await people.account(role)


async def _let_visitors_in(estate: Estate, people: People) -> None:
    owner, elsewhere = estate.people["owner"], await people.shop(estate.people["other admin"])
    home = Shop(owner, estate.identifiers["Workspace"])
    for viewer, shop in (("visitor elsewhere", elsewhere), ("other visitor", home), ("own visitor", home)):
        estate.people[viewer] = await shop.visitor()
    own = estate.services.tokens.returning_visitor(estate.people["own visitor"].token or "")
    assert own is not None
    conversations = Model.metadata.tables["conversations"]
    statement = update(conversations).where(conversations.c.id == estate.rows["conversations"]["id"])
    await _run(estate, statement.values(visitor_id=own.visitor_id))


async def _tell(estate: Estate, question: UUID, failed: UUID) -> None:
    """Write what happened while the two questions were answered."""
    log, answer = estate.services.answers.log, estate.rows["messages"]
    source = Source.from_json(answer["rag_sources"][0])
    await log.open(answer["id"])
    await log.append(answer["id"], events.AnswerStarted(answer["conversation_id"], question, (source,)))
    await log.append(answer["id"], events.AnswerDelta(f"{MARK} text"))
    await log.append(answer["id"], events.AnswerFinished(answer["id"]))
    await log.open(failed)
    await log.append(failed, events.AnswerFailed("MODEL_TIMEOUT", f"{MARK} text", retryable=True))


async def _complete(estate: Estate, table: Table) -> None:
    """Give a value to what is empty in a row that the owner's registration made."""
    key: Column[Any] = table.c.user_id if "user_id" in table.c else table.c.id
    where = key == _user_id(estate, "owner")
    found = await estate.services.database.read(lambda session: session.execute(select(table).where(where)))
    row = dict(found.mappings().one())
    row |= {column.name: _value(estate, column) for column in table.c if row[column.name] is None}
    await _run(estate, update(table).where(where).values(row))
    _keep(estate, table, row)


async def _store(estate: Estate, table: Table) -> None:
    row = {column.name: _value(estate, column) for column in table.c}
    await _run(estate, insert(table).values(row))
    _keep(estate, table, row)


async def _add(estate: Estate, name: str, **values: Any) -> None:
    """Store another row like the first of a table."""
    await _run(estate, insert(Model.metadata.tables[name]).values({**estate.rows[name], **values}))


def _keep(estate: Estate, table: Table, row: dict[str, Any]) -> None:
    estate.rows[table.name] = row
    for mapper in Model.registry.mappers:
        if mapper.local_table is table and hasattr(mapper.class_, "node_name"):
            estate.identifiers[mapper.class_.node_name] = global_id(mapper.class_.node_name, row["id"])


def _value(estate: Estate, column: Column[Any]) -> Any:
    """Return a value for a column: what it must be, or what anything of its type is."""
    place = f"{column.table.name}.{column.name}"
    fixed = _fixed(estate, column)
    if place in fixed:
        return fixed[place]
    for foreign_key in column.foreign_keys:
        if foreign_key.column.table.name in estate.rows:
            return estate.rows[foreign_key.column.table.name][foreign_key.column.name]
        return None
    return _typical(column)


def _fixed(estate: Estate, column: Column[Any]) -> dict[str, Any]:
    document = estate.document
    source = Source(document, f"{MARK} name", 0, f"{MARK} excerpt", 0.5, f"{MARK} page", f"https://{MARK}.example")
    return {
        "app_users.locked_until": now() - LATER,
        "documents.deleted_at": None,
        "documents.status": "failed",
        "documents.error_code": "FILE_UNREADABLE",
        "documents.file_path": f"{estate.rows.get('workspaces', {}).get('id')}/{document}",
        "documents.file_type": "text",
        "documents.id": document,
        "documents.is_indexed": False,
        "messages.role": "assistant",
        "messages.rag_sources": [source.as_json()],
        "messages.metadata": {"model": f"{MARK} model", "finish_reason": "stop"},
        "message_topics.sample_questions": [f"{MARK} question"],
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
        "workspace_members.user_id": _user_id(estate, "lecteur"),
    }


def _user_id(estate: Estate, viewer: str) -> UUID:
    claims = estate.services.tokens.read(estate.people[viewer].token or "")
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


async def _run(estate: Estate, statement: Any) -> None:
    async def work(session: AsyncSession) -> None:
        await session.execute(statement)

    await estate.services.database.write(work)


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
