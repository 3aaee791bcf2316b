"""Scalars: each with a description, and the specification its text follows."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NewType
from uuid import UUID

from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition, scalar

URL = NewType("URL", str)
Cursor = NewType("Cursor", str)

MAX_SCALAR_CHARACTERS = 2_048
"""Longer text is no moment, day, identifier, address or cursor."""


class WrongScalar(ValueError):
    """The input is not a value of the scalar. The message, for people, says what is."""


def _text(read: Callable[[str], Any], expected: str) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        if not isinstance(value, str) or len(value) > MAX_SCALAR_CHARACTERS:
            raise WrongScalar(f"expected {expected}")
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            raise WrongScalar(f"{value[:100]!r} is not {expected}") from error

    return parse


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(dt.UTC)


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")) or any(character.isspace() for character in text):
        raise ValueError("no address")
    return text


def _moment_text(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _file(value: Any) -> UploadFile:
    if not isinstance(value, UploadFile):
        raise WrongScalar("expected a file: send the operation as multipart/form-data")
    return value


DATE_TIME: ScalarDefinition = scalar(
    name="DateTime",
    description="A moment in UTC, as RFC 3339 text: `2026-01-19T08:30:00Z`. Inputs name their time zone.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=_moment_text,
    parse_value=_text(_moment, "a moment with its time zone, such as 2026-01-19T08:30:00Z"),
)
DATE: ScalarDefinition = scalar(
    name="Date",
    description="A day of the calendar, in UTC: `2026-01-19`.",
    specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    serialize=dt.date.isoformat,
    parse_value=_text(dt.date.fromisoformat, "a day, such as 2026-01-19"),
)
UUID_SCALAR: ScalarDefinition = scalar(
    name="UUID",
    description="A universally unique identifier: `0a4d55a8-d778-48e5-9acb-9ba07e5b0c4e`.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
    serialize=str,
    parse_value=_text(UUID, "a UUID"),
)
URL_SCALAR: ScalarDefinition = scalar(
    name="URL",
    description="An absolute address of the web, http or https, of at most 2,048 characters.",
    specified_by_url="https://url.spec.whatwg.org/",
    serialize=str,
    parse_value=_text(_address, "an address beginning with http:// or https://"),
)
CURSOR: ScalarDefinition = scalar(
    name="Cursor",
    description="The place of an item in its list. Opaque: send back what the server gave.",
    specified_by_url="https://relay.dev/graphql/connections.htm#sec-Cursor",
    serialize=str,
)
JSON_SCALAR: ScalarDefinition = scalar(
    name="JSON",
    description="Any JSON value.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
)
UPLOAD: ScalarDefinition = scalar(
    name="Upload",
    description="A file: a part of a multipart request, which carries the header `GraphQL-Require-Preflight`.",
    specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
    parse_value=_file,
)

SCALARS: Mapping[object, ScalarDefinition] = {
    dt.datetime: DATE_TIME,
    dt.date: DATE,
    UUID: UUID_SCALAR,
    URL: URL_SCALAR,
    Cursor: CURSOR,
    JSON: JSON_SCALAR,
    Upload: UPLOAD,
}
