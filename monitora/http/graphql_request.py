"""What a request over HTTP must be to reach the graph, and how one is answered that does not.

After the specification "GraphQL over HTTP" (https://graphql.github.io/graphql-over-http/draft/) and the convention of
multipart requests (https://github.com/jaydenseric/graphql-multipart-request-spec).
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from cross_web import StarletteRequestAdapter
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive
from strawberry.file_uploads.utils import replace_placeholders_with_files

from core.errors import ErrorCode
from rag.sources.storage import NO_ROOM, is_full

JSON = "application/json; charset=utf-8"
GRAPHQL_RESPONSE = "application/graphql-response+json; charset=utf-8"
NOT_KEPT = {"cache-control": "no-store"}
"""No answer is kept on its way: it is for one viewer, and may hold tokens."""

MAX_OPERATION_BYTES = 1024 * 1024
"""What an operation with its variables may take, beside files."""
MAX_FILES = 10
KEPT_HEADERS = 100
"""`Accept` headers that are remembered with what they ask for: programs send few."""
MAX_FIELDS = 2
"""The parts of a form that are no files: `operations` and `map`."""

PREFLIGHT_HEADER = "graphql-require-preflight"
PREFLIGHT_HEADERS = (
    *(PREFLIGHT_HEADER, "graphql-preflight", "apollo-require-preflight"),
    *("x-apollo-operation-name", "x-requested-with", "x-csrf-token"),
)
"""Of these a form carries one. A page of another site cannot send any of them without asking first."""


class RequestFailed(Exception):
    """A request that does not get as far as the graph, with the status of its answer."""

    def __init__(
        self, status: int, message: str, code: ErrorCode = ErrorCode.BAD_USER_INPUT, *, allow: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = NOT_KEPT if allow is None else {**NOT_KEPT, "allow": allow}

    def response(self, request: Request, request_id: str) -> Response:
        """Return the answer, in the form of every other answer of the graph."""
        error = {"message": self.message, "extensions": {"code": self.code.value, "requestId": request_id}}
        body = json.dumps({"errors": [error]})
        return Response(body, self.status, self.headers, media_type=media_type(request.headers.get("accept", "")))


class GraphQLRequest(StarletteRequestAdapter):
    """A request, of which the parameters of its operation are read."""

    async def parameters(self) -> dict[str, Any]:
        """Return `query`, `operationName`, `variables` and `extensions`, as far as they are there.

        Raises `RequestFailed` when they are not of their kinds or cannot be read.
        """
        try:
            return _checked(await self._read())
        except json.JSONDecodeError as error:
            raise RequestFailed(400, f"This is not JSON in UTF-8: {error.msg}.") from error

    async def _read(self) -> Any:
        if self.method == "GET":
            texts: Mapping[str, Any] = self._request.query_params
            objects = {name: parsed_json(texts[name]) for name in ("variables", "extensions") if texts.get(name)}
            return {name: texts[name] for name in ("query", "operationName") if texts.get(name)} | objects
        if content_type(self.headers) == "application/json":
            return parsed_json(await self.get_body())
        if content_type(self.headers) == "multipart/form-data":
            return await self._read_form()
        raise RequestFailed(
            415,
            "Send an operation as application/json, and one with files as multipart/form-data.",
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        )

    async def _read_form(self) -> Any:
        if not any(self.headers.get(name) for name in PREFLIGHT_HEADERS):
            raise RequestFailed(
                403,
                "A multipart request carries the header GraphQL-Require-Preflight, with any value.",
                ErrorCode.PREFLIGHT_REQUIRED,
            )
        try:
            form = await self._request.form(
                max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_OPERATION_BYTES
            )
            operations, places = parsed_json(form["operations"]), parsed_json(form["map"])
            if any(len(paths) != 1 or not isinstance(form[name], UploadFile) for name, paths in places.items()):
                raise RequestFailed(400, "The `map` of a form names one place for each file.")
            return replace_placeholders_with_files(operations, places, form)
        except HTTPException as error:
            raise RequestFailed(400, f"The form cannot be read: {error.detail}") from error
        except json.JSONDecodeError:
            raise
        except OSError as error:
            if not is_full(error):
                raise
            # What is larger than a megabyte waits on the disk while it is received.
            raise RequestFailed(507, NO_ROOM, ErrorCode.DISK_FULL) from error
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            message = "A form holds `operations`, a `map` of its files to their places in them, and the files."
            raise RequestFailed(400, message) from error


class BoundedBody:
    """A request's `receive`, which raises `RequestFailed` for a body larger than is taken.

    One that says so is refused before it is read, one that does not when it passes the bound. Files are taken once it
    is known that the request is an account's.
    """

    def __init__(self, receive: Receive, headers: Mapping[str, str]) -> None:
        announced = headers.get("content-length", "")
        self._receive = receive
        self._is_form = content_type(headers) == "multipart/form-data"
        self._announced = int(announced) if announced.isdecimal() else 0
        self._received = 0
        self._max_bytes = MAX_OPERATION_BYTES

    def take_files(self, max_file_bytes: int) -> None:
        """Take files, of so many bytes together, where the body is a form."""
        self._max_bytes += max_file_bytes if self._is_form else 0

    async def __call__(self) -> Message:
        """Return the next message of the request."""
        self._check(self._announced)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._check(self._received)
        return message

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            text = f"This request has at most {self._max_bytes} bytes; a file is taken with the token of an account."
            raise RequestFailed(413, text, ErrorCode.REQUEST_TOO_LARGE)


@lru_cache(KEPT_HEADERS)
def media_type(accept: str) -> str:
    """Return the content type of an answer to a request with this `Accept` header.

    JSON, unless the client names the media type of GraphQL and likes it no less.
    """
    weights = {}
    for entry in accept.casefold().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weights[name] = _weight(parameters)
    graphql = weights.get("application/graphql-response+json", 0.0)
    return GRAPHQL_RESPONSE if graphql > 0 and graphql >= weights.get("application/json", 0.0) else JSON


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def content_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a request's body."""
    return headers.get("content-type", "").partition(";")[0].strip().casefold()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parsed_json(text: Any) -> Any:
    """Return the value of a JSON text. Raises `JSONDecodeError` for all that is none, or is nested too deep to read."""
    try:
        return _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except json.JSONDecodeError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise json.JSONDecodeError("a letter or a number cannot be read, or it is nested too deep", "", 0) from error


def _checked(parameters: Any) -> dict[str, Any]:
    if isinstance(parameters, list):
        raise RequestFailed(400, "Send one operation a request: a batch is not taken.")
    if not isinstance(parameters, dict):
        raise RequestFailed(400, "The body is a JSON object with a `query`.")
    for name, kind, description in (
        ("query", str, "a text"),
        ("operationName", str, "a text"),
        ("variables", dict, "an object"),
        ("extensions", dict, "an object"),
    ):
        if not isinstance(parameters.get(name), kind | None):
            raise RequestFailed(400, f"`{name}` is {description}, or null.")
    return parameters
