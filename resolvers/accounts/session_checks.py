"""Whether the session behind an access token goes on: one look-up serves what comes with the token for two seconds.

What ends a session, or gives it other tokens, runs through `SessionChecks.changing`: its look-ups are forgotten at
once, and other processes are told. What changes the database past the server is noticed after the two seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from core.clock import now
from core.events import EventBus
from core.security.keys import digest
from core.security.tokens import StaffClaims
from data import procedures
from data.engine import Database, Work
from data.models import Role
from data.queries import accounts as queries
from data.viewer import Staff

Result = TypeVar("Result")

CHECKED_EVERY = timedelta(seconds=2)
"""How long a look-up serves, from its beginning."""
MAX_KEPT = 10_000
"""Look-ups held at a time; the oldest make room."""
TOUCHED_EVERY = timedelta(minutes=5)
"""How fresh `last_activity_at` is kept: a write at every request would cost more than it tells."""


@dataclass(frozen=True, slots=True)
class SessionsChanged:
    """Sessions ended, or got other tokens: those of an account, or one alone. `of` is the key of either."""

    of: UUID

    @property
    def topic(self) -> Hashable:
        """The kind itself: every process hears of all."""
        return SessionsChanged

    @property
    def deduplication_key(self) -> UUID:
        """Whose sessions they are."""
        return self.of

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it again."""
        return {"of": self.of.hex}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "SessionsChanged":
        """Read what `as_json` wrote."""
        return cls(UUID(hex=value["of"]))


class SessionChecks:
    """The look-ups of sessions that one process made lately, by the SHA-256 of their access token."""

    def __init__(
        self, database: Database, events: EventBus[SessionsChanged], *, checked_every: timedelta = CHECKED_EVERY
    ) -> None:
        self._database = database
        self._events = events
        self._seconds = checked_every.total_seconds()
        self._kept: dict[str, _Check] = {}
        self._watching: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Begin to hear what other processes change."""
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Hear no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def kept(self, access_token: str) -> Staff | None:
        """Return the account behind a token that was looked up lately, or None when that is not known."""
        check = self._kept.get(digest(access_token))
        return check.staff if check is not None and check.is_fresh() else None

    async def identify(self, claims: StaffClaims, access_token: str) -> Staff | None:
        """Return the account behind a token whose signature is good, or None when its session has ended.

        Requests that come with one token at the same time share a look-up. One that fails is not kept.
        """
        key = digest(access_token)
        check = self._kept.get(key)
        if check is None or not check.is_fresh():
            check = _Check(claims, monotonic() + self._seconds)
            self._keep(key, check)
            check.looking_up = asyncio.create_task(self._look_up(key, check))
            check.looking_up.add_done_callback(_heard)
        # One caller that gives up does not end the look-up of the others.
        return await asyncio.shield(check.looking_up) if check.looking_up is not None else check.staff

    async def changing(self, key: UUID, database: Database, work: Work[Result]) -> Result:
        """Run a unit that ends sessions of an account or gives them other tokens, and have every process look again.

        `key` is the account's, or that of one session. A caller that is cancelled does not keep the others from it.
        """
        changing = asyncio.create_task(self._change(key, database, work))
        changing.add_done_callback(_heard)
        return await asyncio.shield(changing)

    @contextmanager
    def watching(self, claims: StaffClaims) -> Iterator[asyncio.Event]:
        """Yield what is set whenever the session of a token, or its account's sessions, may have changed."""
        changed = asyncio.Event()
        keys = (claims.user_id, claims.session_id)
        for key in keys:
            self._watching[key].add(changed)
        try:
            yield changed
        finally:
            for key in keys:
                self._watching[key].discard(changed)
                if not self._watching[key]:
                    del self._watching[key]

    async def _change(self, key: UUID, database: Database, work: Work[Result]) -> Result:
        try:
            return await database.write(work)
        finally:
            # Also after a failure: of a commit that failed nobody knows what it left.
            self._forget(key)
            await self._events.publish(SessionsChanged(key))

    def _forget(self, changed: UUID) -> None:
        """Forget what was looked up of an account or of a session, and what is being looked up: it may be of before."""
        for key, check in list(self._kept.items()):
            if changed in (check.claims.user_id, check.claims.session_id):
                del self._kept[key]
        for event in self._watching.get(changed, ()):
            event.set()

    def _keep(self, key: str, check: "_Check") -> None:
        self._kept.pop(key, None)
        # The oldest come first.
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].is_fresh() and len(self._kept) < MAX_KEPT:
                break
            del self._kept[oldest]
        self._kept[key] = check

    async def _look_up(self, key: str, check: "_Check") -> Staff | None:
        try:
            check.staff = await self._read(check, key)
        finally:
            if check.staff is None and self._kept.get(key) is check:
                del self._kept[key]
        return check.staff

    async def _read(self, check: "_Check", token_hash: str) -> Staff | None:
        claims = check.claims
        found = await self._database.read(lambda unit: procedures.validate_session(unit, token_hash=token_hash))
        if found is None or found.session_id != claims.session_id:
            return None
        if found.last_activity_at is None or found.last_activity_at < now() - TOUCHED_EVERY:
            await self._database.write(lambda unit: queries.touch_session(unit, claims.session_id))
        check.expires_at = min(found.expires_at, claims.expires_at or found.expires_at)
        return Staff(found.user_id, found.session_id, Role(found.role))

    async def _listen(self) -> None:
        async def nothing() -> list[SessionsChanged]:
            return []

        async for event in self._events.subscribe(SessionsChanged, nothing):
            self._forget(event.of)


@dataclass(slots=True, eq=False)
class _Check:
    """A look-up: for which token, until when it serves, and whom it found."""

    claims: StaffClaims
    until: float
    expires_at: datetime | None = None
    staff: Staff | None = None
    looking_up: "asyncio.Task[Staff | None] | None" = None

    def is_fresh(self) -> bool:
        """Tell whether it still serves: no longer than the session that it found."""
        return monotonic() < self.until and (self.expires_at is None or now() < self.expires_at)


def _heard(task: "asyncio.Task[Any]") -> None:
    """Ask how a task ended: where every caller gave up, nobody else does."""
    with suppress(asyncio.CancelledError):
        task.exception()
