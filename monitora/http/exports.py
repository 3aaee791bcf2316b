"""`GET /export/conversations.csv` and `.jsonl`: all messages of a workspace, streamed to those who may read it."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from data.models import Workspace
from monitora.export import MEDIA_TYPES, ExportFormat, pieces
from monitora.http.for_accounts import route
from monitora.http.graphql_request import NOT_KEPT
from monitora.http.rate_headers import rate_headers
from resolvers import exports
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.rates import EXPORT_PER_ACCOUNT
from schema.relay.node import key_of


def routes() -> list[Route]:
    """Return the addresses of exports, one for each format."""
    return [route(f"/export/conversations.{form}", _Export(form)) for form in ExportFormat]


class _Export:
    """Answers with an export of one format."""

    def __init__(self, form: ExportFormat) -> None:
        self._form = form

    async def __call__(self, request: Request, context: Context) -> Response:
        """Return the export, which is read while it is sent. Raises `OperationError`."""
        await context.count(EXPORT_PER_ACCOUNT, context.staff().user_id.hex)
        asked = request.query_params
        workspace_id = key_of(asked.get("workspace", ""), Workspace)
        batches = exports.messages(context, workspace_id, _day(asked.get("from"), "from"), _day(asked.get("to"), "to"))
        # What is refused is refused before an answer begins.
        first = await anext(batches)
        headers = {
            **NOT_KEPT,
            **rate_headers(context.rate_limit_statuses),
            "content-disposition": f'attachment; filename="conversations.{self._form}"',
        }
        sent = pieces(_with_first(first, batches), self._form)
        return StreamingResponse(sent, headers=headers, media_type=MEDIA_TYPES[self._form])


async def _with_first(first: Sequence[Any], rest: AsyncIterator[Sequence[Any]]) -> AsyncIterator[Sequence[Any]]:
    yield first
    async for batch in rest:
        yield batch


def _day(text: str | None, name: str) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"`{name}` is a day, such as 2026-03-31.") from error
