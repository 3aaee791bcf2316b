"""The lines of an export: CSV for spreadsheets, or JSON lines for programs."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from data.models.base import global_id

Batches = AsyncIterator[Sequence[Any]]


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8; header=present", ExportFormat.JSONL: "application/jsonl"}
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins with one of these (OWASP, "CSV Injection")."""
BYTE_ORDER_MARK = "\ufeff"
"""By it Excel reads a file as UTF-8."""

COLUMNS: Mapping[str, Callable[[Any], Any]] = {
    "conversation": lambda row: global_id("Conversation", row.conversation_id),
    "conversation_began_at": lambda row: _moment(row.conversation_began_at),
    "conversation_title": lambda row: row.conversation_title,
    "visitor_id": lambda row: row.visitor_id,
    "visitor_name": lambda row: row.visitor_name,
    "visitor_email": lambda row: row.visitor_email,
    "archived_at": lambda row: _moment(row.archived_at),
    "message": lambda row: global_id("Message", row.message_id),
    "reply_to": lambda row: None if row.reply_to_id is None else global_id("Message", row.reply_to_id),
    "written_at": lambda row: _moment(row.created_at),
    "role": lambda row: row.role.value,
    "content": lambda row: row.content,
    "confidence": lambda row: row.rag_score,
    "sources": lambda row: [source.get("document_name") for source in row.rag_sources or ()],
    "response_time_ms": lambda row: row.response_time_ms,
    "tokens": lambda row: row.tokens_used,
    "rating": lambda row: row.feedback,
    "rating_comment": lambda row: row.feedback_comment,
    "resolved": lambda row: row.is_resolved,
}
"""The columns and how each is read: `docs/export.md` describes them."""


def pieces(batches: Batches, form: ExportFormat) -> AsyncIterator[bytes]:
    """Return the pieces of an export, one for each batch of messages."""
    return _csv(batches) if form is ExportFormat.CSV else _json_lines(batches)


async def _csv(batches: Batches) -> AsyncIterator[bytes]:
    head = [BYTE_ORDER_MARK + next(iter(COLUMNS)), *list(COLUMNS)[1:]]
    yield _rows([head])
    async for batch in batches:
        yield _rows([[_cell(read(row)) for read in COLUMNS.values()] for row in batch])


async def _json_lines(batches: Batches) -> AsyncIterator[bytes]:
    async for batch in batches:
        yield b"".join(
            orjson.dumps({name: read(row) for name, read in COLUMNS.items()}, option=orjson.OPT_APPEND_NEWLINE)
            for row in batch
        )


def _rows(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    """Return what a cell holds. A text that a spreadsheet would run begins with an apostrophe."""
    if isinstance(value, list):
        value = "; ".join(filter(None, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
