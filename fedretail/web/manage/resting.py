"""What a form of an offer rests on: what its row showed is sent beside what is typed.

A till, another window or the command line may write while a row is open. A field that nobody has
touched is not written; one that was touched and has changed meanwhile is asked about.
"""

from collections.abc import Mapping

from starlette.responses import Response

from fedretail.domain.catalog import Offer
from fedretail.domain.hours import zone_of
from fedretail.domain.times import to_datetime
from fedretail.node.editing import Fields, promotion, usual
from fedretail.node.own_sites import OwnSite
from fedretail.node.writing import Overtaken
from fedretail.web.manage.desk import Desk

# Fields that say one thing together, by the deeds that change them.
_PRICE, _STOCK = ("price",), ("count", "level")
_PROMOTION, _PICTURE = ("promotion", "begins", "ends"), ("picture",)
_GROUPS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "price": (_PRICE,),
    "right": (_PRICE,),
    "stock": (_STOCK,),
    "row": (_PRICE, _STOCK),
    "promotion": (_PROMOTION,),
    "no-promotion": (_PROMOTION,),
    "picture": (_PICTURE,),
    "no-picture": (_PICTURE,),
}
# In front of a field's name: what it showed when the page was made.
WAS = "was-"


class Meanwhile(Overtaken):
    """Somebody else has changed what a form rests on; groups: the fields, now: as they are."""

    def __init__(self, groups: list[tuple[str, ...]], now: Mapping[str, str]) -> None:
        super().__init__("It has changed meanwhile.")
        self.groups, self.now = groups, now


def shown(desk: Desk, own: OwnSite, fields: Fields) -> dict[str, str]:
    """The fields of an offer's row as they are typed; "" where there is nothing."""
    offer, say = Offer.from_fields(fields), desk.say
    currency = offer.currency or desk.node.currency
    base, promo = usual(offer), promotion(offer, desk.node.clock.now_ms())
    counted, url = fields.get("stock_count"), fields.get("picture_from")
    return {
        "price": "" if base is None else say.plain(base.amount_minor, currency),
        "count": str(counted) if isinstance(counted, int) else "",
        "level": "order" if offer.stock.made_to_order else offer.stock.level,
        "promotion": "" if promo is None else say.plain(promo.amount_minor, currency),
        "begins": "" if promo is None else _day(own, promo.from_ms, end=False),
        "ends": "" if promo is None else _day(own, promo.until_ms, end=True),
        "picture": url if isinstance(url, str) else "",
    }


def _day(own: OwnSite, at_ms: int | None, *, end: bool) -> str:
    if at_ms is None:
        return ""
    return str(to_datetime(at_ms - end, zone_of(own.site.time_zone, at_ms=at_ms)).date())


def to_write(desk: Desk, now: Mapping[str, str]) -> set[str]:
    """Which fields the form means to write; Meanwhile where one of them rests on what is no more.

    now: what the offer's row would show. A form that says nothing of what it showed rests on
    nothing.
    """
    deed = desk.get("deed")
    wanted: set[str] = set()
    lost = []
    for group in _GROUPS.get(deed, ()):
        typed, present = [desk.get(name) for name in group], [now[name] for name in group]
        was = [desk.get(WAS + name) if WAS + name in desk.said else None for name in group]
        if deed == "row" and typed == was:
            continue
        wanted.update(group)
        if None not in was and was != present and typed != present:
            lost.append(group)
    if lost:
        raise Meanwhile(lost, now)
    return wanted


def named(deed: str, now: Mapping[str, str]) -> dict[str, str]:
    """What the fields of a deed rest on from now on."""
    return {name: now[name] for group in _GROUPS.get(deed, ()) for name in group}


def level_words(desk: Desk) -> dict[str, str]:
    """Levels of stock as a shopkeeper chooses them."""
    _ = desk.translated
    return {
        "some": _("in stock"), "few": _("few"), "none": _("sold out"), "order": _("to order"),
        "unknown": _("unknown"),
    }  # fmt: skip


def ask(desk: Desk, name: str, lost: Meanwhile) -> Response:
    """The page that shows both, and lets the shopkeeper decide."""
    _ = desk.translated
    words = {_PRICE: _("Price"), _STOCK: _("Stock"), _PROMOTION: _("Offer price"),
             _PICTURE: _("Picture")}  # fmt: skip
    was = {name: desk.get(WAS + name) for name in lost.now}
    typed = {name: desk.get(name) for name in lost.now}
    rows = [
        (words[group], *(told(desk, group, one) for one in (was, lost.now, typed)))
        for group in lost.groups
    ]
    again = {key: values[-1] for key, values in desk.said.items() if key != "form"}
    again |= {WAS + name: lost.now[name] for group in lost.groups for name in group}
    return desk.show(
        "meanwhile", place="offers", called=name, rows=rows, again=again, words=desk.get("q"),
        is_entry=not desk.get("deed").startswith("no-"), status=409,
    )  # fmt: skip


def told(desk: Desk, group: tuple[str, ...], values: Mapping[str, str]) -> str:
    """Fields that say one thing, in one line."""
    if group == _STOCK:
        return values["count"] or level_words(desk).get(values["level"], "")
    said = [values[name] for name in group if values[name]]
    return " · ".join(said) or "–"
