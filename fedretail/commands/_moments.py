"""Moments of the days to come as people say them: "18:30", "sat 10:00", "2026-11-28 10:00"."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fedretail.domain.texts import quoted
from fedretail.domain.times import parse_time, to_datetime, to_ms
from fedretail.errors import MalformedInput

_SAID = re.compile(r"(?:([a-z]{3,9}) )?([0-9]{1,2}):([0-9]{2})")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {name[:length]: number for number, name in enumerate(_NAMES) for length in (3, len(name))}


def parse_moment(text: str, zone: tzinfo, now_ms: int) -> int:
    """The next such moment in `zone`, ms; a day with its year may also lie behind."""
    plain = " ".join(text.lower().split())
    said = _SAID.fullmatch(plain) if len(text) <= 60 else None
    if said is None:
        return _written(text, zone)
    day, hours, minutes = said.groups()
    known = day is None or day in _DAYS or day in ("today", "tomorrow")
    if not known or int(hours) > 23 or int(minutes) > 59:
        raise _no_moment(text)
    at, today = time(int(hours), int(minutes)), to_datetime(now_ms, zone).date()
    if day in ("today", "tomorrow"):
        return _at(today + timedelta(days=day == "tomorrow"), at, zone)
    ahead = 0 if day is None else (_DAYS[day] - today.weekday()) % 7
    moment = _at(today + timedelta(days=ahead), at, zone)
    if moment >= now_ms:
        return moment
    return _at(today + timedelta(days=ahead + (1 if day is None else 7)), at, zone)


def _at(day: date, at: time, zone: tzinfo) -> int:
    return to_ms(datetime.combine(day, at, zone).astimezone(UTC))


def _written(text: str, zone: tzinfo) -> int:
    try:
        return parse_time(text, zone)
    except MalformedInput:
        raise _no_moment(text) from None


def _no_moment(text: str) -> MalformedInput:
    return MalformedInput(
        f"{quoted(text)} is not a time",
        hint='Write it as 18:30, "sat 10:00" or 2026-11-28T10:00.',
    )
