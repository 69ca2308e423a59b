"""Many prices at once: which and by how much, what that would do, and then the deed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

from starlette.responses import Response

from fedretail.errors import MalformedInput
from fedretail.index.query import Query
from fedretail.node.bulk import Raise, Repriced, parse_percent, reprice, repriced
from fedretail.web.manage.desk import Desk

# As many as a screen shows; the rest is counted.
_SHOWN = 20
_MOST_CHARS = 200
_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Line:
    """One offer with its price before and after."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What would change: the first of it, how many, and a mark that tells it from all else."""

    first: list[Repriced]
    number: int
    mark: str

    @classmethod
    def of(cls, found: Iterable[Repriced]) -> Self:
        """All of it, read once."""
        first, number, mark = list[Repriced](), 0, blake2b(digest_size=_MARK_BYTES)
        for one in found:
            number += 1
            if number <= _SHOWN:
                first.append(one)
            told = (one.own.id, one.key, one.old_minor, one.new_minor, one.currency)
            mark.update(repr(told).encode("utf-8", "replace"))
        return cls(first, number, mark.hexdigest())


def page(desk: Desk) -> Response:
    """What is asked, and, where that was said, what it would do; nothing is written."""
    asked = desk.visit.asked
    said = {name: asked.get(name, "").strip()[:_MOST_CHARS] for name in _FIELDS}
    return _page(desk, said, is_asked="percent" in asked)


_FIELDS = ("percent", "category", "rounded")


def _page(desk: Desk, said: Mapping[str, str], *, is_asked: bool) -> Response:
    faults: dict[str, str] = {}
    lines: list[Line] = []
    number = 0
    if is_asked:
        try:
            seen = Seen.of(repriced(desk.node, _wanted(said)))
            lines, number = [_line(desk, one) for one in seen.first], seen.number
            said = {**said, "seen": seen.mark}
        except MalformedInput:
            faults["percent"] = desk.translated("Percent such as +5 or -2.5")
    more: dict[str, Any] = {"wanted": said, "faults": faults, "lines": lines, "number": number}
    return desk.show(
        "bulk",
        place="offers",
        is_asked=is_asked and not faults,
        categories=_categories(desk),
        labels={"percent": desk.translated("By how many percent?")},
        status=422 if faults else 200,
        **more,
    )


def _wanted(said: Mapping[str, str]) -> Raise:
    percent = parse_percent(said["percent"])
    return Raise(percent, said["category"], rounded=bool(said["rounded"]))


def _line(desk: Desk, one: Repriced) -> Line:
    old, new = (desk.say.money(minor, one.currency) for minor in (one.old_minor, one.new_minor))
    return Line(one.name, old, new)


def _categories(desk: Desk) -> list[tuple[str, str]]:
    """(path, how many own offers) of the shelves, the largest first."""
    mine = frozenset(own.id for own in desk.node.sites())
    if not mine:
        return []
    facets = desk.node.search(Query(words="", retailers=mine, limit=0, facets=True)).facets
    found = facets.categories if facets else ()
    return [(one.value, desk.say.number(one.count)) for one in found if one.value]


def change(desk: Desk) -> Response:
    """Change them all, as was seen before; one touch takes it back."""
    said = {name: desk.get(name)[:_MOST_CHARS] for name in _FIELDS}
    try:
        wanted = _wanted(said)
        # Who presses twice, or in two tabs, means it once: the second waits, and sees other prices.
        with desk.office.repricing:
            if Seen.of(repriced(desk.node, wanted)).mark != desk.get("seen"):
                desk.tell("warn", desk.translated("Prices have changed meanwhile. Look once more."))
                return _page(desk, said, is_asked=True)
            number = reprice(desk.node, wanted)
    except MalformedInput:
        return _page(desk, said, is_asked=True)
    text = desk.many("%(num)s price is changed. “Undo” below takes it back.", "%(num)s prices are "
                     "changed. “Undo” below takes it back.", number)  # fmt: skip
    desk.tell("ok", text)
    return desk.go()
