"""Moments as milliseconds since 1970 UTC, and as RFC 3339 text."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.texts import quoted
from fedretail.errors import MalformedInput

# 9999-12-31T23:59:59.999Z: the last moment that RFC 3339 can write.
MAX_TIME_MS = 253_402_300_799_999

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN = re.compile(r"([0-9]{1,5})\s*(h|d|w|hours?|days?|weeks?)", re.IGNORECASE)
_SPAN_MS = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def rfc3339(at_ms: int) -> str:
    """ "2026-11-21T10:00:00Z"; whole seconds; a moment out of range is drawn to the nearest."""
    seconds = min(max(at_ms, 0), MAX_TIME_MS) // 1000
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str, zone: tzinfo = UTC, *, end: bool = False) -> int:
    """Milliseconds since 1970 of an RFC 3339 moment or of a day in `zone`.

    A day stands for its first moment, with `end` for the first moment after it: so
    "until 2026-11-21" holds all of that day. A moment without an offset is in `zone`.
    """
    cleaned = text.strip()
    try:
        if _DAY.fullmatch(cleaned):
            day = date.fromisoformat(cleaned) + timedelta(days=1 if end else 0)
            return to_ms(datetime.combine(day, time(), zone))
        if _MOMENT.fullmatch(cleaned):
            moment = datetime.fromisoformat(cleaned.upper())
            return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        pass
    raise NotRead(
        Reason("time_wrong", {"text": quoted(text)}),
        hint="Write a day as 2026-11-21 or a moment as 2026-11-21T10:00:00Z.",
    )


def parse_span(text: str) -> int:
    """Milliseconds of a span of hours, days or weeks: "12h", "30 days", "2w"."""
    match = _SPAN.fullmatch(text.strip()) if len(text) <= 40 else None
    if match is None or int(match[1]) == 0:
        raise MalformedInput(
            f"{quoted(text)} is not a span of time", hint="Write it with its unit: 12h, 30d or 2w."
        )
    return int(match[1]) * _SPAN_MS[match[2][0].lower()]


def is_day(text: object) -> bool:
    """Whether this is a day as "2026-12-24", after 1970 and with a day after it."""
    try:
        return (
            isinstance(text, str)
            and "1970-01-02" <= text <= "9999-12-29"
            and date.fromisoformat(text).isoformat() == text
        )
    except ValueError:
        return False


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime; ValueError outside 1970 to 9999."""
    at_ms = (moment - _EPOCH) // _MS
    if not 0 <= at_ms <= MAX_TIME_MS:
        raise ValueError("outside 1970 to 9999")
    return at_ms


def to_datetime(at_ms: int, zone: tzinfo = UTC) -> datetime:
    """The moment as an aware datetime in `zone`."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
