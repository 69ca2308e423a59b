"""Hours by weekday, as a form asks for them, from and to the OpenStreetMap form that is stored.

Only what a form can show is read: days, ranges of days, times from and to. Anything else (public
holidays, months, weeks) stays as it is written, and is edited as text.
"""

import re

from fedretail.errors import MalformedInput

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_TIME = "([01]?[0-9]|2[0-4])[:.h]?([0-5][0-9])?(?: ?Uhr)?"
_SPAN = re.compile(rf"{_TIME}\s*(?:[-–—]|bis|to)\s*{_TIME}", re.IGNORECASE)
_BETWEEN = re.compile(r",|;|/|&|\+|\b(?:und|and)\b", re.IGNORECASE)
_CLOSED = frozenset({"off", "closed", "geschlossen", "zu", "ruhetag", "-", "–", "—"})
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
    """ "8-13, 14:30-18" as "08:00-13:00, 14:30-18:00"; "" of nothing, and of "closed".

    Read are English and German as they stand on doors: "8.00 bis 13.00 Uhr und 14-18 Uhr".
    """
    if text.strip().casefold() in _CLOSED:
        return ""
    spans = []
    for part in filter(None, (part.strip() for part in _BETWEEN.split(text[:200]))):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise MalformedInput(f"{part!r:.40} are no hours", hint="Write them as 08:00-18:30.")
        begin, end = (f"{int(found[at]):02}:{found[at + 1] or '00'}" for at in (1, 3))
        # Beyond midnight is written as it is; beyond 24:00 is no time of a day.
        is_none = max(begin, end) > "24:00" or begin == end
        if is_none or (end < begin and _may_be_of_twelve(found)):
            raise MalformedInput(f"{part!r:.40} are no hours", hint="Write them as 08:00-18:30.")
        spans.append(f"{begin}-{end}")
    return ", ".join(spans)


def _may_be_of_twelve(span: re.Match[str]) -> bool:
    """Whether one that ends before it begins may mean the afternoon: "9-5", not "11:00-02:00"."""
    is_told = span[2] and span[4] and len(span[3]) == 2
    return 5 <= int(span[1]) < 12 and not is_told


def _days(text: str) -> list[str]:
    days: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        at = DAYS.index(first)
        count = (DAYS.index(last or first) - at) % 7 + 1
        days += [DAYS[(at + step) % 7] for step in range(count)]
    return days
