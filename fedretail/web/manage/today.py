"""Today: is all well, and what do I do next?"""

import shutil
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from starlette.responses import Response

from fedretail.domain.members import Member
from fedretail.node import samples
from fedretail.node.mending import waiting
from fedretail.node.neighbours import neighbours
from fedretail.node.status import Standing, standing
from fedretail.node.told import Told, told
from fedretail.node.undo import deeds
from fedretail.web.manage.desk import Desk
from fedretail.web.manage.rings import ring

_SHOWN, _ALL = 5, 500
MOST_TASKS = 3
# A price that nobody has looked at for a year is worth a look; search warns of it after 90 days.
OLD_MS = 365 * 24 * 3600 * 1000
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


def page(desk: Desk) -> Response:
    """The first page of the back office."""
    node, now, met = desk.node, standing(desk.node), neighbours(desk.node)
    dots, radius = ring(met)
    status = node.status()
    free = shutil.disk_usage(node.path).free
    own = desk.frame.counts["offers"]
    return desk.show(
        "today",
        place="today",
        ring=dots,
        radius=radius,
        ring_text=desk.many(
            "%(num)s neighbour, %(having)s with your newest prices",
            "%(num)s neighbours, %(having)s with your newest prices",
            len(met),
            having=now.having,
        ),
        hub=_hub(now),
        hub_icon={"well": "check", "waiting": "clock"}.get(_hub(now), "warn"),
        sentence=sentence(desk, now),
        more=_more(desk, now),
        silent=[one for one in met if not one.is_on],
        tasks=tasks(desk, free)[:MOST_TASKS],
        changes=_changes(desk, _SHOWN),
        said_deed=lambda one: said_deed(desk, one),
        having=desk.say.number(now.having),
        total=now.total and desk.say.number(now.total),
        store_bytes=status["store_bytes"] + status["index_bytes"],
        free_bytes=free,
        others=_others(desk, max(0, status["offers"] - own), status["sites"] - len(node.sites())),
        is_all=now.having == now.total,
        lag=status["index_lag"],
        backed_up=node.keys()["backed_up"],
        version=status["version"],
    )


def changes_page(desk: Desk) -> Response:
    """All changes that can be undone."""
    return desk.show(
        "changes",
        place="today",
        changes=_changes(desk, _ALL),
        said_deed=lambda one: said_deed(desk, one),
    )


def _changes(desk: Desk, limit: int) -> list[Told]:
    return [told(desk.node, one) for one in deeds(desk.node, limit=limit)]


def _hub(now: Standing) -> str:
    if now.state in ("stopped", "disbelieved", "damaged"):
        return "trouble"
    return "well" if now.state == "all" else "waiting"


def sentence(desk: Desk, now: Standing) -> str:
    """How it stands, as `fedretail status` says it, in the visitor's language."""
    _, many = desk.translated, desk.many
    total, having = now.total, desk.say.number(now.having)
    match now.state:
        case "all" if now.since_ms is not None:
            return many(
                "The neighbour that is switched on has your prices since %(when)s",
                "All %(num)s neighbours that are switched on have your prices since %(when)s",
                total,
                when=desk.say.moment(now.since_ms),
            )
        case "all":
            return many(
                "The neighbour that is switched on has your newest prices",
                "All %(num)s neighbours that are switched on have your newest prices",
                total,
            )
        case "some":
            return many(
                "The neighbour that is switched on does not have your newest prices yet",
                "%(having)s of %(num)s neighbours have your newest prices",
                total,
                having=having,
            )
        case "alone" | "off":
            return _("Saved here. Sent as soon as a neighbour can be reached.")
        case "restoring":
            return _("This folder is an older copy: what changed since is being fetched")
        case "damaged":
            return _("What you have published is damaged on this disk")
        case "disbelieved":
            return _("Neighbours take nothing of this shop any more: two lists were signed at once")
        case "stopped":
            return _("This folder was copied, and two computers work with it")
        case "reached" | "news":
            return _("What is here can be searched")


def _more(desk: Desk, now: Standing) -> str:
    _ = desk.translated
    if now.state == "all":
        return _("You can switch this computer off: they go on answering for you.")
    if now.state == "alone":
        return _("Shoppers here see your prices at once. Neighbours get them on their own.")
    if now.state == "stopped":
        return now.told.partition("\n")[2]
    if now.state == "damaged":
        return _("Nothing is changed until it is mended from a neighbour's copy.")
    if now.state == "restoring":
        return _("What you enter now is kept.")
    return ""


def _others(desk: Desk, offers: int, shops: int) -> str:
    if shops < 1:
        return desk.translated("none yet")
    number = desk.say.number(offers)
    return desk.many("%(offers)s of %(num)s shop", "%(offers)s of %(num)s shops", shops,
                     offers=number)  # fmt: skip


def tasks(desk: Desk, free_bytes: int) -> list[Task]:
    """What is to be done, the most urgent first."""
    _, node = desk.translated, desk.node
    found = []
    if free_bytes < _LOW_BYTES:
        found.append(
            Task("bad", "bad", _("This disk is nearly full"), _("Look"), "/settings",
                 _("%(size)s are left.", size=desk.say.size(free_bytes)))
        )  # fmt: skip
    count = samples.count(node)
    if count:
        text = desk.many("%(num)s sample good is on your shelf", "%(num)s sample goods are on your "
                         "shelf", count)  # fmt: skip
        more = _("No neighbour gets them, and none gets your ticket while they are there.")
        found.append(
            Task("warn", "see", text, _("Remove them"), "/samples/remove", more, post=True)
        )
    if not desk.frame.counts["offers"] and not node.index.lag():
        found.append(
            Task("near", "import", _("You have no offers yet"), _("Bring your price list"),
                 "/import", _("Any export from your till, shop system or spreadsheet."))
        )  # fmt: skip
    rows = waiting(node)
    if rows is not None:
        text = desk.many("%(num)s row was not read", "%(num)s rows were not read", rows[1])
        found.append(
            Task("bad", "warn", text, _("Mend them"), "/import/mend", rows[0].name, post=True)
        )
    old = old_offers(desk)
    if old:
        text = desk.many(
            "%(num)s price is more than a year old",
            "%(num)s prices are more than a year old",
            len(old),
        )
        names = ", ".join(name for _key, name in old[:2])
        more = desk.many("%(names)s and %(num)s more.", "%(names)s and %(num)s more.",
                         len(old) - 2, names=names)  # fmt: skip
        found.append(
            Task("warn", "clock", text, _("Look at them"), "/offers?old=1",
                 more if len(old) > 2 else names)
        )  # fmt: skip
    if not node.sites() or not node.sites()[0].site.hours:
        found.append(
            Task("warn", "clock", _("Your opening hours are not known"), _("Enter them"),
                 "/settings#hours", _("Shoppers who look for open shops pass you by."))
        )  # fmt: skip
    if Member.from_fields(node.member()).imprint_missing():
        found.append(
            Task("warn", "info", _("Your imprint is not whole"), _("Fill it in"),
                 "/settings#imprint", _("The law asks a seller to say who it is."))
        )  # fmt: skip
    if not neighbours(node):
        found.append(
            Task("near", "shop", _("You have no neighbours yet"), _("Meet them"), "/neighbours",
                 _("Their offers and yours stand side by side in every search."))
        )  # fmt: skip
    return found


def old_offers(desk: Desk) -> list[tuple[str, str]]:
    """(id, name) of own offers whose price nobody has confirmed for a year, some at most."""
    from fedretail.index.query import Query

    node = desk.node
    mine = frozenset(own.id for own in node.sites())
    if not mine:
        return []
    page = node.search(Query(words="", retailers=mine, sort="best", limit=_ALL))
    limit = node.clock.now_ms() - OLD_MS
    return [
        (one.offer, one.name)
        for one in page.results
        if one.confirmed_at_ms is not None and one.confirmed_at_ms < limit
    ]


def said_deed(desk: Desk, one: Told) -> Markup:
    """A change in the visitor's language, its name standing out."""
    _ = desk.translated
    if one.sort == "undo":
        inner = said_deed(desk, one.of) if one.of else Markup("")
        return Markup("{} {}").format(_("Undone:"), inner)
    name = Markup("<b>{}</b>").format(one.name)
    if one.sort == "import":
        words = {
            "new": _("%(num)s new"), "changed": _("%(num)s changed"),
            "withdrawn": _("%(num)s withdrawn"),
        }  # fmt: skip
        said: list[Any] = [
            words[sort] % {"num": desk.say.number(count)}
            for sort, count in one.counts.items()
            if count
        ]
        return Markup("{} {}").format(name, ", ".join(said) or _("as before"))
    if one.sort == "new":
        return Markup("{} {}").format(name, _("added"))
    if one.sort == "withdrawn":
        return Markup("{} {}").format(name, _("withdrawn"))
    fields = field_words(desk)
    parts = [
        f"{escape(fields.get(change.field, change.field.replace('_', ' ')))} "
        f"{escape(change.old)} → {escape(change.new)}"
        if change.old or change.new
        else f"{escape(fields.get(change.field, change.field.replace('_', ' ')))}"
        for change in one.changes
    ]
    return Markup("{} {}").format(name, Markup(", ".join(parts)) or _("confirmed"))


def field_words(desk: Desk) -> dict[str, str]:
    """Fields of records as a shopkeeper calls them."""
    _ = desk.translated
    return {
        "price": _("price"), "regular": _("price before"), "stock": _("stock"),
        "name": _("name"), "category": _("category"), "description": _("description"),
        "hours": _("hours"), "holidays": _("holidays"), "closed": _("closed days"),
        "imprint": _("imprint"), "colour": _("colour"), "contact": _("contact"),
        "lat_e7": _("place"), "lon_e7": _("place"), "address": _("address"),
    }  # fmt: skip
