"""What a connector to a customer's database does, whatever the engine, and how it fails."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol

Cell = str | int | float | bool | None
"""A value of a row. Amounts keep their digits as text; moments are ISO 8601."""


class TlsMode(StrEnum):
    """How a connection is protected on its way."""

    VERIFIED = "verified"
    """Encrypted, and the server's certificate is checked against its name."""
    ENCRYPTED = "encrypted"
    """Encrypted. Whoever stands between may pass for the server."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """Where a database is and who reads it."""

    host: str
    port: int
    database: str
    username: str
    password: str = field(repr=False)
    tls: TlsMode = TlsMode.VERIFIED


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one read may take."""

    rows: int = 200
    cell_bytes: int = 256 * 1024
    """Bytes of all values as UTF-8 text."""
    seconds: float = 10.0
    lock_seconds: float = 2.0
    cost: float = 20_000_000.0
    """The planner's estimate, in its own unit; for PostgreSQL and, as rows of a join, for MySQL."""


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True, slots=True)
class Rows:
    """What a read brought."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_truncated: bool
    """Whether a limit of rows or bytes has cut them."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table or a view, as the login sees it."""

    schema: str
    table: str
    column: str
    type: str


class FailureReason(StrEnum):
    """Why a database could not be read."""

    NO_DRIVER = "no_driver"
    """The extra for the engine is not installed on this server."""
    NOT_ALLOWED = "not_allowed"
    UNREACHABLE = "unreachable"
    LOGIN_REFUSED = "login_refused"
    UNSAFE_SETTING = "unsafe_setting"
    TOO_SLOW = "too_slow"
    TOO_COSTLY = "too_costly"
    TOO_LARGE = "too_large"
    STATEMENT_FAILED = "statement_failed"


_SENTENCES = {
    FailureReason.NO_DRIVER: "The server has no driver for this kind of database.",
    FailureReason.NOT_ALLOWED: "The server may not connect to the database's host.",
    FailureReason.UNREACHABLE: "The database does not answer.",
    FailureReason.LOGIN_REFUSED: "The database refuses the login.",
    FailureReason.UNSAFE_SETTING: "The database does not take the settings that reading safely needs.",
    FailureReason.TOO_SLOW: "The database takes too long to answer.",
    FailureReason.TOO_COSTLY: "The question asks the database for too much.",
    FailureReason.TOO_LARGE: "The answer of the database is too large.",
    FailureReason.STATEMENT_FAILED: "The database cannot run the statement.",
}


class DatabaseFailure(Exception):
    """A database could not be read. Nothing of what the driver or the server says is in it."""

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason


class DatabaseConnection(Protocol):
    """One connection to a customer's database. It is used for one read and closed."""

    async def describe(self) -> Sequence[TableColumn]:
        """Return the columns that the login may read. Raises `DatabaseFailure`."""
        ...

    async def read(self, sql: str, limits: ReadLimits = DEFAULT_LIMITS) -> Rows:
        """Run one statement that the guard wrote, and roll back. Raises `DatabaseFailure`.

        A read that is cancelled, by its task or by a limit, is cancelled on the server.
        """
        ...

    async def cancel(self) -> None:
        """End the statement that runs, on the server. Where none runs, nothing happens."""
        ...

    async def close(self) -> None:
        """Close the connection at once. Closing twice is harmless."""
        ...


class RowBuffer:
    """Gathers rows until a limit is reached."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._bytes = 0
        self._rows: list[tuple[Cell, ...]] = []
        self.is_full = False

    def add(self, row: Sequence[Any]) -> None:
        """Take a row, unless it is one too many. Raises `DatabaseFailure` where the first is too large alone."""
        cells = tuple(as_cell(value) for value in row)
        self._bytes += sum(len(str(cell).encode(errors="replace")) for cell in cells)
        if self._bytes > self._limits.cell_bytes or len(self._rows) >= self._limits.rows:
            if not self._rows:
                raise DatabaseFailure(FailureReason.TOO_LARGE)
            self.is_full = True
            return
        self._rows.append(cells)

    def result(self, columns: Sequence[str]) -> Rows:
        """Return what was gathered."""
        return Rows(tuple(columns), tuple(self._rows), self.is_full)


def as_cell(value: Any) -> Cell:
    """Return a value of a driver as it is kept."""
    cell: Cell
    match value:
        case None | bool() | int() | str():
            cell = value
        case float() if math.isfinite(value):
            cell = value
        case datetime() | date() | time():
            cell = value.isoformat()
        case bytes() | bytearray() | memoryview():
            cell = f"({len(value)} bytes)"
        case list() | tuple():
            cell = "{" + ", ".join(str(as_cell(each)) for each in value) + "}"
        case _:
            cell = str(value)
    return cell
