"""Today: is all well, and what do I do next?"""

import shutil
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from fedretail.node.neighbours import neighbours
from fedretail.node.status import Standing, standing
from fedretail.node.told import Change, Told, told
from fedretail.node.undo import deeds
from fedretail.web.manage.desk import Desk
from fedretail.web.manage.rings import ring
from fedretail.web.manage.tasks import tasks

_SHOWN, _ALL = 5, 500
MOST_TASKS = 3


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
        return _(
            "Nothing is changed until it is mended from a neighbour's copy. Where none has it, and "
            "there is no copy of the data folder: fedretail serve --as original, once, goes on "
            "with what can be read."
        )
    if now.state == "restoring":
        return _("What you enter now is kept.")
    return ""


def _others(desk: Desk, offers: int, shops: int) -> str:
    if shops < 1:
        return desk.translated("none yet")
    number = desk.say.number(offers)
    return desk.many("%(offers)s of %(num)s shop", "%(offers)s of %(num)s shops", shops,
                     offers=number)  # fmt: skip


def said_deed(desk: Desk, one: Told) -> Markup:
    """A change in the visitor's language, its name standing out."""
    _ = desk.translated
    if one.sort == "undo":
        inner = said_deed(desk, one.of) if one.of else Markup("")
        return Markup("{} {}").format(_("Undone:"), inner)
    if one.sort == "prices":
        which = _("Prices of %(name)s", name=one.name) if one.name else _("All prices")
        by = f"{one.by.replace('.', desk.say.decimal)}\u00a0%"
        number = desk.say.number(one.counts["changed"])
        return Markup("<b>{}</b> {}, {}").format(which, by, _("%(num)s changed") % {"num": number})
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
    changes = Markup(", ").join(_said_change(desk, change) for change in one.changes)
    return Markup("{} {}").format(name, changes or _("confirmed"))


def _said_change(desk: Desk, change: Change) -> str:
    """A field, and where it fits on a line what it said and says."""
    word = field_words(desk).get(change.field, change.field.replace("_", " "))
    old, new = change.old, change.new
    if change.prices is not None:
        old, new = ("–" if one is None else desk.say.money(*one) for one in change.prices)
    elif change.field == "stock":
        old, new = (stock_words(desk).get(one, one) for one in (old, new))
    return f"{word} {old} → {new}" if old or new else word


def stock_words(desk: Desk) -> dict[str, str]:
    """Stock as records have it, in words."""
    _ = desk.translated
    return {
        "some": _("in stock"), "few": _("few"), "none": _("sold out"), "unknown": _("unknown"),
    }  # fmt: skip


def field_words(desk: Desk) -> dict[str, str]:
    """Fields of records as a shopkeeper calls them."""
    _ = desk.translated
    return {
        "price": _("price"), "regular": _("price before"), "stock": _("stock"),
        "name": _("name"), "category": _("category"), "description": _("description"),
        "hours": _("hours"), "holidays": _("holidays"), "closed": _("closed days"),
        "imprint": _("imprint"), "colour": _("colour"), "contact": _("contact"),
        "lat_e7": _("place"), "lon_e7": _("place"), "address": _("address"),
        "picture_from": _("picture"),
    }  # fmt: skip
