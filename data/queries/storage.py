"""What is stored, and how much may be: counters of each workspace, which add up to its account's.

Whoever changes a counter holds the lock of the account until the unit ends, so that units at the same moment do not
pass a bound together. An account has a bounded number of workspaces: its sum does not grow with what it stores.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, CursorResult, Update, bindparam, case, func, select, update
from sqlalchemy.orm import aliased

from core.errors import ErrorCode, QuotaExceeded
from data.engine import Session
from data.models import Document, StorageUsage, Workspace
from data.queries.accounts import lock_account
from data.viewer import Viewer
from data.visibility import visible

WHAT_TO_DO = "delete documents first, or ask the operator of the server for more room"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is stored, or is to be: bytes of files, documents, pages."""

    byte_count: int = 0
    document_count: int = 0
    page_count: int = 0


@dataclass(frozen=True, slots=True)
class Quotas:
    """The most that a workspace, and an account in all its workspaces, may store; 0 is no bound."""

    workspace: Amount = Amount()
    account: Amount = Amount()


HELD_BYTES = case((Document.replacement_size > Document.file_size, Document.replacement_size), else_=Document.file_size)
"""What a document counts: the larger of its file and the one that is to stand for it, since one of them goes."""


def held_bytes(document: Document) -> int:
    """Return what a document counts: see `HELD_BYTES`."""
    return max(document.file_size, document.replacement_size or 0)


async def check_room(session: Session, workspace: Workspace, added: Amount, quotas: Quotas) -> None:
    """Raise `QuotaExceeded` when a workspace or its account has no room for as much more, as it stands now."""
    of_workspace, of_account = await _stored(session, workspace.id, workspace.user_id)
    for whose, stored, bound in (
        ("workspace", of_workspace, quotas.workspace),
        ("account", of_account, quotas.account),
    ):
        for name, more in _named(added):
            held, most = getattr(stored, name), getattr(bound, name)
            if most and more > 0 and held + more > most:
                raise _exceeded(whose, name, held, more, most)


async def add_stored(session: Session, workspace: Workspace, added: Amount, quotas: Quotas) -> None:
    """Count what a unit stores in a workspace. Raises `QuotaExceeded`, and counts nothing, when there is no room."""
    await lock_account(session, workspace.user_id)
    if not any(_named(added)):
        return
    names = tuple((name, more > 0) for name, more in _named(added))
    values = {f"more_{name}": more for name, more in _named(added)}
    of = {"of_workspace": workspace.id, "of_account": workspace.user_id}
    counted = await session.execute(_counting(names, quotas), values | of)
    if cast("CursorResult[Any]", counted).rowcount != 1:
        await check_room(session, workspace, added, quotas)
        raise LookupError(f"workspace {workspace.id} has no row in storage_usage")


async def take_stored(session: Session, document: Document) -> None:
    """Count a document no more, whose row the unit has changed to a deleted one."""
    owner = select(Workspace.user_id).where(Workspace.id == document.workspace_id).scalar_subquery()
    await lock_account(session, owner)
    # Of the row as it is now: its pages may have been counted since it was read.
    size, pages = (
        select(column).where(Document.id == document.id).scalar_subquery()
        for column in (HELD_BYTES, Document.page_count)
    )
    await session.execute(
        update(StorageUsage)
        .where(StorageUsage.workspace_id == document.workspace_id)
        .values(
            byte_count=StorageUsage.byte_count - size,
            document_count=StorageUsage.document_count - 1,
            page_count=StorageUsage.page_count - pages,
        )
        .execution_options(synchronize_session=False)
    )


async def count_read(session: Session, document_id: UUID, pages: int, quotas: Quotas) -> None:
    """Count what was read of a document in the place of what was counted before: its pages, and the file it keeps.

    For the unit that makes the document ready. Nothing happens to a deleted one. Raises `QuotaExceeded`.
    """
    found = (
        await session.execute(
            select(Document, Workspace)
            .join(Workspace, Workspace.id == Document.workspace_id)
            .where(Document.id == document_id, Document.deleted_at.is_(None))
            .with_hint(Document, "WITH (UPDLOCK)", "mssql")
        )
    ).one_or_none()
    if found is None:
        return
    document, workspace = found
    kept = document.file_size if document.replacement_size is None else document.replacement_size
    more = Amount(byte_count=kept - held_bytes(document), page_count=pages - document.page_count)
    if any(_named(more)):
        await add_stored(session, workspace, more, quotas)
        await session.execute(update(Document).where(Document.id == document_id).values(page_count=pages))


async def stored_by(session: Session, viewer: Viewer) -> Amount:
    """Return what the workspaces of the account that asks store together."""
    rows = visible(viewer, StorageUsage).subquery()
    sums = [func.coalesce(func.sum(rows.c[field.name]), 0) for field in fields(Amount)]
    byte_count, document_count, page_count = (await session.execute(select(*sums))).one()
    return Amount(byte_count, document_count, page_count)


async def count_again(session: Session, workspace_id: UUID) -> None:
    """Set a workspace's counters to what its documents say, should a row have been changed by hand."""
    workspace = await session.get(Workspace, workspace_id)
    if workspace is None:
        return
    await lock_account(session, workspace.user_id)
    documents = select(
        func.coalesce(func.sum(HELD_BYTES), 0), func.count(), func.coalesce(func.sum(Document.page_count), 0)
    ).where(Document.workspace_id == workspace_id, Document.deleted_at.is_(None))
    byte_count, document_count, page_count = (await session.execute(documents)).one()
    await session.execute(
        update(StorageUsage)
        .where(StorageUsage.workspace_id == workspace_id)
        .values(byte_count=byte_count, document_count=document_count, page_count=page_count)
    )


def _named(amount: Amount) -> Iterator[tuple[str, int]]:
    """Yield the counters that an amount changes, and by how much."""
    for field in fields(amount):
        if more := getattr(amount, field.name):
            yield field.name, more


@cache
def _counting(names: tuple[tuple[str, bool], ...], quotas: Quotas) -> Update:
    """Return the statement that counts more of some counters, those that grow within their bounds.

    Its text is built once: a crawl and an import count each of thousands of documents.
    """
    more: dict[str, BindParameter[int]] = {name: bindparam(f"more_{name}") for name, _ in names}
    account = bindparam("of_account", type_=Workspace.user_id.type)
    room = [
        columns[name] + more[name] <= most
        for columns, bound in ((_of_workspace(), quotas.workspace), (_of_account(account), quotas.account))
        for name, grows in names
        if grows and (most := getattr(bound, name))
    ]
    return (
        update(StorageUsage)
        .where(StorageUsage.workspace_id == bindparam("of_workspace"), *room)
        .values({name: getattr(StorageUsage, name) + value for name, value in more.items()})
        .execution_options(synchronize_session=False)
    )


def _of_workspace() -> Mapping[str, ColumnElement[int]]:
    return {field.name: getattr(StorageUsage, field.name) for field in fields(Amount)}


def _of_account(user_id: UUID | BindParameter[UUID]) -> Mapping[str, ColumnElement[int]]:
    """Return the sums of all workspaces of an account."""
    usage = aliased(StorageUsage)
    return {
        field.name: select(func.coalesce(func.sum(getattr(usage, field.name)), 0))
        .join(Workspace, Workspace.id == usage.workspace_id)
        .where(Workspace.user_id == user_id)
        .scalar_subquery()
        for field in fields(Amount)
    }


async def _stored(session: Session, workspace_id: UUID, user_id: UUID) -> tuple[Amount, Amount]:
    """Return what a workspace stores, and its account."""
    columns = [*_of_workspace().values(), *_of_account(user_id).values()]
    row = tuple((await session.execute(select(*columns).where(StorageUsage.workspace_id == workspace_id))).one())
    return Amount(*row[:3]), Amount(*row[3:])


def _exceeded(whose: str, name: str, held: int, more: int, most: int) -> QuotaExceeded:
    holds = "The workspace holds" if whose == "workspace" else "The account holds, in all its workspaces,"
    if name == "byte_count":
        text = f"{holds} {_size(held)} of at most {_size(most)}, and this file has {_size(more)}"
    elif name == "document_count":
        text = f"{holds} {held:,} documents of at most {most:,}"
    else:
        text = f"{holds} {held:,} pages of at most {most:,}, and this document has {more:,}"
    path = None if name == "page_count" else ["file"]
    return QuotaExceeded(ErrorCode.QUOTA_EXCEEDED, f"{text}: {WHAT_TO_DO}.", path)


def _size(count: int) -> str:
    """Return a number of bytes for people."""
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count} bytes"
