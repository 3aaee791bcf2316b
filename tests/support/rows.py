"""What a test is given: rows with all that they require, written through the models."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text

from data.engine import Database, Session
from data.models import (
    ApiKey,
    AppSession,
    AppUser,
    Conversation,
    DatabaseType,
    Document,
    DocumentChunk,
    Message,
    MessageRole,
    Model,
    Profile,
    ResponseCache,
    StorageUsage,
    Website,
    Workspace,
    WorkspaceDatabase,
    WorkspaceMember,
)

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Marks a test of what SQLite alone does or can be asked; `tests/mssql` has what SQL Server alone does."""


async def unless_babelfish(database: Database, *, because: str) -> None:
    """Skip the test on Babelfish for PostgreSQL, which speaks SQL Server's protocol and differs from it in places."""
    if database.dialect == "mssql" and await fetch(database, text("SELECT 1 WHERE SERVERPROPERTY('Babelfish') = 1")):
        pytest.skip(f"on Babelfish {because}")


class Given:
    """Writes rows, each in a unit of its own, and returns their identifiers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def row(self, row: Any) -> UUID:
        await self.rows(row)
        identifier: UUID = row.id
        return identifier

    async def rows(self, *rows: Model) -> None:
        async def work(session: Session) -> None:
            session.add_all(rows)

        await self.database.write(work)

    async def website(self, workspace_id: UUID) -> UUID:
        patterns: list[str] = []
        row = Website(
            workspace_id=workspace_id,
            url="https://shop.example",
            max_pages=1,
            include_patterns=patterns,
            exclude_patterns=patterns,
        )
        return await self.row(row)

    async def member(self, workspace_id: UUID, user_id: UUID) -> None:
        await self.rows(WorkspaceMember(workspace_id=workspace_id, user_id=user_id))

    async def account(self, email: str | None = None, **values: Any) -> UUID:
        identifier = uuid4()
        values = {"password_hash": "hash", "password_salt": "salt"} | values
        await self.row(AppUser(id=identifier, email=email or f"{identifier.hex}@example.com", **values))
        return await self.row(Profile(id=identifier))

    async def session(self, user_id: UUID, token_hash: str, expires_at: datetime) -> UUID:
        return await self.row(AppSession(user_id=user_id, token_hash=token_hash, expires_at=expires_at))

    async def workspace(self, owner: UUID | None = None, **values: Any) -> UUID:
        values = {"name": "Shop"} | values
        identifier = await self.row(Workspace(user_id=owner or await self.account(), **values))
        await self.rows(StorageUsage(workspace_id=identifier))
        return identifier

    async def document(self, workspace_id: UUID, **values: Any) -> UUID:
        values = {"name": "guide.pdf", "file_path": "guide", "file_type": "pdf", "file_size": 1} | values
        return await self.row(Document(workspace_id=workspace_id, **values))

    async def chunk(self, document_id: UUID, workspace_id: UUID, chunk_index: int = 0) -> UUID:
        return await self.row(
            DocumentChunk(
                document_id=document_id,
                workspace_id=workspace_id,
                chunk_index=chunk_index,
                content="Opening hours",
                token_count=2,
                embedding=np.ones(4, dtype=np.float32),
            )
        )

    async def conversation(self, workspace_id: UUID, visitor_id: str = "visitor", **values: Any) -> UUID:
        return await self.row(Conversation(workspace_id=workspace_id, visitor_id=visitor_id, **values))

    async def message(self, conversation_id: UUID, role: MessageRole = MessageRole.USER, **values: Any) -> UUID:
        values = {"content": "Bonjour"} | values
        return await self.row(Message(conversation_id=conversation_id, role=role, **values))

    async def answer(self, conversation_id: UUID, **values: Any) -> UUID:
        return await self.message(conversation_id, MessageRole.ASSISTANT, **values)

    async def cached_answer(self, workspace_id: UUID, question_hash: str = "hash", **values: Any) -> UUID:
        values = {"original_question": "?", "cached_response": {}, "ttl_seconds": 60} | values
        return await self.row(ResponseCache(workspace_id=workspace_id, question_hash=question_hash, **values))

    async def api_key(self, workspace_id: UUID, key_hash: str = "hash") -> UUID:
        return await self.row(ApiKey(workspace_id=workspace_id, name="Site", key_prefix="mk_", key_hash=key_hash))

    async def external_database(self, workspace_id: UUID, **values: Any) -> UUID:
        values = {"db_type": DatabaseType.MYSQL, "host": "db", "port": 3306} | values
        return await self.row(WorkspaceDatabase(workspace_id=workspace_id, name="Orders", database="orders", **values))


async def fetch(database: Database, statement: Any) -> list[Any]:
    """Return the rows of a select, as a unit that only reads sees them."""

    async def work(session: Session) -> list[Any]:
        return list((await session.execute(statement)).all())

    return await database.read(work)


async def one(database: Database, model: Any, identifier: Any) -> Any:
    """Return a row by its key, or None."""

    async def work(session: Session) -> Any:
        return await session.get(model, identifier)

    return await database.read(work)


async def run(database: Database, statement: Any) -> None:
    """Run a statement that writes, in a unit of its own."""

    async def work(session: Session) -> None:
        await session.execute(statement)

    await database.write(work)
