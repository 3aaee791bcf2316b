"""The clock of the server: UTC, everywhere."""

from datetime import UTC, date, datetime, timedelta


def now() -> datetime:
    """Return the present moment in UTC, with microseconds."""
    return datetime.now(UTC)


def now_after(moment: datetime | None) -> datetime:
    """Return the present moment, or the next one after `moment` where the clock was set back behind it."""
    return now() if moment is None else max(now(), moment + timedelta(microseconds=1))


def today() -> date:
    """Return the present day in UTC, the one `analytics_daily` counts by."""
    return now().date()
