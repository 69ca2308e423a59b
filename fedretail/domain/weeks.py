"""Hours by weekday, as a form asks for them, from and to the OpenStreetMap form that is stored.

Only what a form can show is read: days, ranges of days, times from and to. Anything else (public
holidays, months, weeks) stays as it is written, and is edited as text.
"""

import re

from fedretail.errors import MalformedInput

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_SPAN = r"([01]?\d|2[0-4])[:.h]?([0-5]\d)?\s*[-–]\s*([01]?\d|2[0-4])[:.h]?([0-5]\d)?"
_RULE = re.compile(rf"({_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) +(off|[\d:, -]+)")


def read_week(text: str | None) -> dict[str, str] | None:
    """Day -> times ("08:00-13:00, 14:00-18:00", "" closed); None where a form cannot show it."""
    week = dict.fromkeys(DAYS, "")
    for rule in filter(None, (part.strip() for part in (text or "").split(";"))):
        found = _RULE.fullmatch(rule)
        if found is None:
            return None
        try:
            times = "" if found[2] == "off" else parse_times(found[2])
        except MalformedInput:
            return None
        for day in _days(found[1]):
            week[day] = times
    return week


def write_week(week: dict[str, str]) -> str | None:
    """The OpenStreetMap form of times by day; None where no day has any.

    MalformedInput where a day's times cannot be read. Neighbouring days with equal times stand
    together.
    """
    times = {day: parse_times(week.get(day, "")) for day in DAYS}
    rules: list[tuple[list[str], str]] = []
    for day in DAYS:
        if not times[day]:
            continue
        is_next = bool(rules) and DAYS.index(rules[-1][0][-1]) == DAYS.index(day) - 1
        if is_next and rules[-1][1] == times[day]:
            rules[-1][0].append(day)
        else:
            rules.append(([day], times[day]))
    said = (
        f"{days[0]}{f'-{days[-1]}' if len(days) > 1 else ''} {spans.replace(', ', ',')}"
        for days, spans in rules
    )
    return "; ".join(said) or None


def parse_times(text: str) -> str:
    """ "8-13, 14:30-18" as "08:00-13:00, 14:30-18:00"; "" of nothing."""
    spans = []
    for part in filter(None, (part.strip() for part in text[:200].split(","))):
        found = re.fullmatch(_SPAN, part)
        if found is None:
            raise MalformedInput(f"{part!r:.40} are no hours", hint="Write them as 08:00-18:30.")
        begin, end = (f"{int(found[at]):02}:{found[at + 1] or '00'}" for at in (1, 3))
        # Beyond midnight is written as it is; beyond 24:00 is no time of a day.
        if max(begin, end) > "24:00" or begin == end:
            raise MalformedInput(f"{part!r:.40} are no hours", hint="Write them as 08:00-18:30.")
        spans.append(f"{begin}-{end}")
    return ", ".join(spans)


def _days(text: str) -> list[str]:
    days: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        at = DAYS.index(first)
        count = (DAYS.index(last or first) - at) % 7 + 1
        days += [DAYS[(at + step) % 7] for step in range(count)]
    return days
