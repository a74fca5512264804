"""Moments: UTC milliseconds inside, RFC 3339 at the edges; a naive time is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from saqta.model.errors import InputError

Clock = Callable[[], int]
"""Gives the present moment in UTC milliseconds; handed in, so that a seed decides what time it is."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def to_datetime(moment_ms: int) -> datetime:
    """The aware UTC datetime of a moment, exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=moment_ms)


def from_datetime(moment: datetime, field: str = "time") -> int:
    """Milliseconds of an aware datetime, rounded down; InputError when it is naive."""
    if moment.tzinfo is None:
        raise InputError(field, moment.isoformat(), "a time with its offset from UTC, such as 2026-01-31T08:00:00Z")
    if not _FIRST <= moment <= _LAST:
        raise InputError(field, moment.isoformat(), "a time within the years 1 to 9999 in UTC")
    return (moment - EPOCH) // _MILLISECOND


def day_start(day: date) -> int:
    """The moment at which a day begins in UTC.

    >>> day_start(date(1970, 1, 2))
    86400000
    """
    return (day - EPOCH.date()) // _MILLISECOND


def to_text(moment_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds.

    >>> to_text(0)
    '1970-01-01T00:00:00.000Z'
    """
    return to_datetime(moment_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str, field: str = "time") -> int:
    """Milliseconds of an RFC 3339 text; InputError when it is none, or naive.

    >>> from_text("1970-01-01T01:00:00.5+01:00")
    500
    """
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise InputError(field, text, "an RFC 3339 time, such as 2026-01-31T08:00:00Z") from error
    return from_datetime(moment, field)


def zone_from_text(text: str, field: str = "zone") -> tzinfo:
    """The zone with an offset from UTC; InputError when it is none.

    >>> zone_from_text("+05:00")
    datetime.timezone(datetime.timedelta(seconds=18000))
    """
    try:
        zone = datetime.strptime(text, "%z").tzinfo
    except ValueError as error:
        raise InputError(field, text, "an offset from UTC, such as +05:00") from error
    assert zone is not None  # noqa: S101 - "%z" gives one
    return zone


def duration_text(seconds: float) -> str:
    """A duration as people say it, to the second.

    >>> duration_text(0.4), duration_text(59.5), duration_text(120), duration_text(220)
    ('0 s', '60 s', '2 min', '3 min 40 s')
    """
    whole = round(seconds)
    if whole <= 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
