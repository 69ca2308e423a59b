"""Judges: what a field of a record may be, decided on reading.

A record may come from anyone. A judge takes any Value and returns what may be used of it, or
None; it never raises. Typed views (Offer, Site, Member) are built of judges, so that a bad
field is left out and the rest is shown.
"""

import re
from collections.abc import Callable, Iterable

from fedretail.domain.kind import Value
from fedretail.domain.texts import clean_block, clean_line

TextJudge = Callable[[Value], str | None]


def line(limit: int) -> TextJudge:
    """Text of one line, at most `limit` characters, cleaned of what acts."""

    def judge(value: Value) -> str | None:
        return clean_line(value) if isinstance(value, str) and len(value) <= limit else None

    return judge


def block(limit: int) -> TextJudge:
    """Text of several lines, at most `limit` characters, cleaned of what acts."""

    def judge(value: Value) -> str | None:
        return clean_block(value) if isinstance(value, str) and len(value) <= limit else None

    return judge


def whole(least: int, most: int) -> Callable[[Value], int | None]:
    """An integer (never a bool) within bounds, both included."""

    def judge(value: Value) -> int | None:
        return value if type(value) is int and least <= value <= most else None

    return judge


def choice(*allowed: str) -> TextJudge:
    """One of these words."""
    known = frozenset(allowed)

    def judge(value: Value) -> str | None:
        return value if isinstance(value, str) and value in known else None

    return judge


def formed(form: re.Pattern[str]) -> TextJudge:
    """Text of which the whole has this form."""

    def judge(value: Value) -> str | None:
        return value if isinstance(value, str) and form.fullmatch(value) else None

    return judge


def words(most: int, limit: int) -> Callable[[Value], tuple[str, ...] | None]:
    """A list of at most `most` lines; those that are none are left out."""
    judge_line = line(limit)

    def judge(value: Value) -> tuple[str, ...] | None:
        if not isinstance(value, list) or len(value) > most:
            return None
        return _said(map(judge_line, value))

    return judge


def _said(lines: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(text for text in lines if text)


def yes_no(value: Value) -> bool | None:
    """True or false, written as such."""
    return value if isinstance(value, bool) else None
