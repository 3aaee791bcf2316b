"""The clock of the server: UTC, everywhere."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """Return the present moment in UTC, with microseconds."""
    return datetime.now(UTC)


def today() -> date:
    """Return the present day in UTC, the one `analytics_daily` counts by."""
    return now().date()
