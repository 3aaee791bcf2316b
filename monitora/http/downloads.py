"""`GET /files/{document}`: the file of a document as it was stored, for the accounts that may read its workspace."""

import hashlib
import re
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from data.models import Document
from monitora.http.envelope import NOTHING
from monitora.http.for_accounts import route
from monitora.http.rate_headers import rate_headers
from resolvers import documents
from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.rates import DOWNLOAD_PER_ACCOUNT
from schema.relay.node import key_of

SAFE = {
    # Whatever is in the file, a browser runs none of it as a page of the server.
    "content-security-policy": f"{NOTHING}; sandbox",
    "cache-control": "private, no-cache, no-transform",
    "vary": "authorization",
}
RANGE = re.compile(r"(\d{1,18})-(\d{0,18})|-\d{1,18}", re.ASCII)
"""Part of a file, as RFC 9110 writes it: from one place on, to another, or so many bytes of its end."""
MAX_RANGES = 20


async def _found(request: Request, context: Context) -> Response:
    """Return what is sent of the file. Raises `OperationError`."""
    await context.count(DOWNLOAD_PER_ACCOUNT, context.staff().user_id.hex)
    document = await documents.readable(context, key_of(request.path_params["document"], Document))
    stored = await context.services.storage.locate(document.file_path)
    if stored is None:
        raise NotFound("file")
    path, of_file = stored
    # Of a file without a hash the key stands for it: what is stored under a key is never changed.
    tag = f'"{document.content_hash or hashlib.sha256(document.file_path.encode()).hexdigest()}"'
    headers = SAFE | {"etag": tag, "content-disposition": disposition(documents.file_name(document))}
    headers |= rate_headers(context.rate_limit_statuses)
    if _is_known(request.headers, tag):
        return Response(status_code=304, headers=headers)
    _pass_over_unreadable_ranges(request)
    # Always as bytes without a kind: a browser that trusts the kind of a stored page would show it.
    return FileResponse(path, headers=headers, media_type="application/octet-stream", stat_result=of_file)


def disposition(name: str) -> str:
    """Return the header under which a browser saves a file: its name for all, and in ASCII for the old (RFC 6266)."""
    plain = "".join(character if character.isascii() and character.isprintable() else "_" for character in name)
    plain = re.sub(r'["\\%/]', "_", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_known(headers: Headers, tag: str) -> bool:
    """Tell whether the client has the file already."""
    known = [each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]


def _pass_over_unreadable_ranges(request: Request) -> None:
    """Take a header away that asks for no parts that can be read, or for many: the whole file is sent, as to others."""
    unit, _, parts = request.headers.get("range", "").partition("=")
    ranges = [RANGE.fullmatch(part.strip()) for part in parts.split(",", MAX_RANGES)]
    if unit.strip().lower() != "bytes" or len(ranges) > MAX_RANGES or not all(map(_is_range, ranges)):
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]


def _is_range(found: re.Match[str] | None) -> bool:
    return found is not None and (not found[2] or int(found[1]) <= int(found[2]))


ROUTE = route("/files/{document}", _found)
