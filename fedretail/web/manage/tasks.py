"""To do: what needs the shopkeeper, the most urgent first, each with its deed."""

from collections.abc import Iterator
from dataclasses import dataclass

from fedretail.domain.members import Member
from fedretail.index.query import Query
from fedretail.node import samples
from fedretail.node.mending import waiting
from fedretail.node.neighbours import neighbours
from fedretail.web.manage.desk import Desk

# A price that nobody has looked at for a year is worth a look; search warns of it after 90 days.
OLD_MS = 365 * 24 * 3600 * 1000
# Of so many own offers at most the age is looked at.
_LOOKED_AT = 500
# Less room than this is soon none.
_LOW_BYTES = 500 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, with its deed; post: done at once, else a page where it is done."""

    mark: str
    icon: str
    text: str
    deed: str
    path: str
    more: str = ""
    post: bool = False


def tasks(desk: Desk, free_bytes: int) -> list[Task]:
    """What is to be done, the most urgent first."""
    return [*_of_the_disk(desk, free_bytes), *_of_offers(desk), *_of_the_shop(desk)]


def _of_the_disk(desk: Desk, free_bytes: int) -> Iterator[Task]:
    _ = desk.translated
    if free_bytes < _LOW_BYTES:
        left = _("%(size)s are left.", size=desk.say.size(free_bytes))
        yield Task("bad", "bad", _("This disk is nearly full"), _("Look"), "/computer", left)


def _of_offers(desk: Desk) -> Iterator[Task]:
    _, node = desk.translated, desk.node
    count = samples.count(node)
    if count:
        text = desk.many("%(num)s sample good is on your shelf", "%(num)s sample goods are on your "
                         "shelf", count)  # fmt: skip
        more = _("No neighbour gets them, and none gets your ticket while they are there.")
        yield Task("warn", "see", text, _("Remove them"), "/samples/remove", more, post=True)
    if not desk.frame.counts["offers"] and not node.index.lag():
        more = _("Any export from your till, shop system or spreadsheet.")
        text = _("You have no offers yet")
        yield Task("near", "import", text, _("Bring your price list"), "/import", more)
    rows = waiting(node)
    if rows is not None:
        text = desk.many("%(num)s row was not read", "%(num)s rows were not read", rows[1])
        yield Task("bad", "warn", text, _("Mend them"), "/import/mend", rows[0].name, post=True)
    old = old_offers(desk)
    if old:
        yield _of_old(desk, old)


def _of_old(desk: Desk, old: list[tuple[str, str]]) -> Task:
    text = desk.many(
        "%(num)s price is more than a year old",
        "%(num)s prices are more than a year old",
        len(old),
    )
    names = ", ".join(name for _key, name in old[:2])
    if len(old) > 2:
        names = desk.many("%(names)s and %(num)s more.", "%(names)s and %(num)s more.",
                          len(old) - 2, names=names)  # fmt: skip
    return Task("warn", "clock", text, desk.translated("Look at them"), "/offers?old=1", names)


def _of_the_shop(desk: Desk) -> Iterator[Task]:
    _, node = desk.translated, desk.node
    if node.position is None:
        text = _("Your place is not known")
        more = _("Until it is known, your goods are found nowhere, not even on your own screens.")
        yield Task("warn", "place", text, _("Enter it"), "/settings#hours", more)
    if not node.sites() or not node.sites()[0].site.hours:
        text = _("Your opening hours are not known")
        more = _("Shoppers who look for open shops pass you by.")
        yield Task("warn", "clock", text, _("Enter them"), "/settings#hours", more)
    if Member.from_fields(node.member()).imprint_missing():
        text, more = _("Your imprint is not whole"), _("The law asks a seller to say who it is.")
        yield Task("warn", "info", text, _("Fill it in"), "/settings#imprint", more)
    if not neighbours(node):
        more = _("Their offers and yours stand side by side in every search.")
        text = _("You have no neighbours yet")
        yield Task("near", "shop", text, _("Meet them"), "/neighbours", more)


def old_offers(desk: Desk) -> list[tuple[str, str]]:
    """(id, name) of own offers whose price nobody has confirmed for a year, some at most."""
    node = desk.node
    mine = frozenset(own.id for own in node.sites())
    if not mine:
        return []
    page = node.search(Query(words="", retailers=mine, sort="best", limit=_LOOKED_AT))
    limit = node.clock.now_ms() - OLD_MS
    return [
        (one.offer, one.name)
        for one in page.results
        if one.confirmed_at_ms is not None and one.confirmed_at_ms < limit
    ]
