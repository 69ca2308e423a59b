"""My offers: a table with search; price, stock and promotion are changed where they stand."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from fedretail.connectors.cells import read_picture
from fedretail.domain.catalog import Offer
from fedretail.domain.hours import zone_of
from fedretail.domain.ids import is_name_hash, name_hash, record_key
from fedretail.domain.kind import Value
from fedretail.domain.listings import Listing
from fedretail.domain.money import typed_amount
from fedretail.domain.prices import Price
from fedretail.domain.times import parse_time
from fedretail.errors import MalformedInput, Unavailable
from fedretail.index.query import Query
from fedretail.node import samples
from fedretail.node.editing import (
    Fields,
    held,
    with_price,
    with_promotion,
    with_stock,
)
from fedretail.node.node import Node
from fedretail.node.own_pictures import outcome_of
from fedretail.node.own_sites import OwnSite
from fedretail.node.writing import Overtaken, exists, is_new
from fedretail.pictures.outside import parse_url
from fedretail.web.manage.desk import Desk
from fedretail.web.manage.reasons import price_fault, reason
from fedretail.web.manage.resting import Meanwhile, ask, level_words, named, shown, to_write, told
from fedretail.web.manage.tasks import old_offers
from fedretail.web.pages.goods import Photo, photo_of

_PAGE = 50
# A change is in the table within milliseconds; a long price list is not waited for.
_PATIENCE_S, _STEP_MS, _PAUSE_S = 0.3, 100, 0.005
LEVELS = ("some", "few", "none", "order", "unknown")
# More pieces than this are no shelf.
_MAX_COUNT = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One offer as the table shows it; typed: its fields, as they are typed.

    begins, ends: the days of its promotion in words, "" without one; begins only while ahead.
    """

    id: str
    number: int
    name: str
    detail: str
    currency: str
    typed: Mapping[str, str]
    confirmed: str
    is_old: bool
    picture: "Pictured"
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Pictured:
    """The picture of an offer. url: where it is on the web; photo: as shoppers see it just now.

    is_made: the photo is that of the address, and not the one before. fault: why it cannot be had.
    """

    url: str = ""
    photo: Photo | None = None
    is_made: bool = False
    fault: str = ""


def page(desk: Desk) -> Response:
    """The table, or what a search in it finds."""
    return _page(desk, {})


def _page(desk: Desk, faults: dict[str, str]) -> Response:
    """The table; with what is wrong in the form that adds an offer, and what was typed there."""
    words, is_old = desk.visit.asked.get("q", ""), bool(desk.visit.asked.get("old"))
    mine = frozenset(own.id for own in desk.node.sites())
    total, following, found = 0, None, []
    old = {number for number, _name in old_offers(desk)}
    if mine:
        cursor = desk.visit.asked.get("cursor") or None
        limit = 500 if is_old else _PAGE
        _take_in(desk.node)
        wanted = Query(words=words, retailers=mine, limit=limit, cursor=cursor)
        answer = desk.node.search(wanted)
        found = [one for one in answer.results if not is_old or one.offer in old]
        total, following = answer.total, None if is_old else answer.next
    lines = [_line(desk, one, at, one.offer in old) for at, one in enumerate(found)]
    return desk.show(
        "offers",
        place="offers",
        words=words,
        is_old=is_old,
        lines=[line for line in lines if line is not None],
        total=len(found) if is_old else total,
        following=following,
        sites=desk.node.sites(),
        levels=level_words(desk),
        has_pictures=desk.node.config.pictures_mb > 0,
        faults=faults,
        labels={"n-name": desk.translated("Name"), "n-price": desk.translated("Price")},
        typed={name: desk.get(name) for name in ("name", "price", "sku")} if faults else {},
        status=422 if faults else 200,
    )


def _take_in(node: Node) -> None:
    """Wait a moment for what was saved just now, so that the table after it has it."""
    end_s = time.monotonic() + _PATIENCE_S
    try:
        while node.index.lag() and time.monotonic() < end_s:
            if not node.index.follow(deadline_ms=node.clock.now_ms() + _STEP_MS):
                # The daemon's own thread is at it.
                time.sleep(_PAUSE_S)
    except Unavailable:
        pass  # What cannot be written is told under To do; the table shows what it knows.


def _line(desk: Desk, one: Listing, at: int, is_old: bool) -> Line | None:
    found = held(desk.node, one.offer)
    if found is None:
        return None
    own, key, fields = found
    offer = Offer.from_fields(fields)
    typed = shown(desk, own, fields)
    codes = (offer.sku, offer.gtin, offer.category)
    begins, ends = (_spoken(desk, typed[name]) for name in ("begins", "ends"))
    return Line(
        id=one.offer,
        number=at,
        name=offer.name,
        detail=" · ".join(filter(None, codes)) or ("" if is_name_hash(key) else key),
        currency=offer.currency or desk.node.currency,
        typed=typed,
        confirmed="" if one.confirmed_at_ms is None else desk.say.moment(one.confirmed_at_ms),
        is_old=is_old,
        picture=_pictured(desk, fields, offer),
        begins=begins if typed["begins"] > str(desk.say.today()) else "",
        ends=ends,
    )


def _spoken(desk: Desk, day: str) -> str:
    return desk.say.day(date.fromisoformat(day)) if day else ""


def _pictured(desk: Desk, fields: Fields, offer: Offer) -> Pictured:
    url = fields.get("picture_from")
    if not isinstance(url, str):
        return Pictured()
    photo, is_made = photo_of(desk.visit, offer), fields.get("picture_made") == url
    return Pictured(url, photo, is_made, "" if is_made else _why_not(desk, url))


def _why_not(desk: Desk, url: str) -> str:
    """Why an address gave no picture, "" where nothing stood in the way yet."""
    outcome = outcome_of(desk.node, url)
    return "" if outcome is None or outcome.why is None else reason(desk, outcome.why)


def save(desk: Desk) -> Response:
    """Change one offer by what its row says, and tell when; to a script in a few words."""
    found = held(desk.node, desk.get("offer"))
    if found is None:
        return _answer(desk, "bad", desk.translated("This offer is not there any more."))
    own, key, _ = found
    try:
        desk.node.write("offer", key, partial(_fields, desk, own), site=own, only_if=exists)
    except MalformedInput as error:
        return _answer(desk, "bad", error.message)
    except Meanwhile as lost:
        return _lost(desk, str(found[2].get("name") or key), lost)
    except Overtaken:
        return _answer(desk, "bad", desk.translated("This offer is not there any more."))
    if desk.get("deed") == "picture":
        desk.node.pictures.ask_again(_picture(desk))
        return _answer(desk, "ok", desk.translated("The picture is fetched now. It stands here, "
                       "and on your screens, in a moment."))  # fmt: skip
    now = desk.say.moment(desk.node.clock.now_ms())
    return _answer(desk, "ok", desk.translated("Saved %(time)s", time=now), _rests_on(desk))


def _rests_on(desk: Desk) -> dict[str, str]:
    """What the row stands for from now on."""
    found = held(desk.node, desk.get("offer"))
    return {} if found is None else named(desk.get("deed"), shown(desk, found[0], found[2]))


def _lost(desk: Desk, name: str, lost: Meanwhile) -> Response:
    """Somebody else was faster: to a script in a few words, else a page that shows both."""
    if not desk.get("quiet"):
        return ask(desk, name, lost)
    now = " · ".join(told(desk, group, lost.now) for group in lost.groups)
    text = desk.translated(
        "Meanwhile %(now)s. Not saved: if yours is right, enter it again.", now=now
    )
    return _answer(desk, "bad", text, named(desk.get("deed"), lost.now))


def _fields(desk: Desk, own: OwnSite, present: Fields) -> Fields:
    """What the form changes; MalformedInput says at which field."""
    now_ms, currency = desk.node.clock.now_ms(), str(present.get("currency") or own.site.currency)
    deed, wanted = desk.get("deed"), to_write(desk, shown(desk, own, present))
    fields: dict[str, Value] = {}
    if "price" in wanted:
        amount = _amount(desk, "price", currency)
        fields |= with_price(present, amount, currency, now_ms=now_ms)
        if deed == "right":
            fields["checked_at"] = now_ms
    if "level" in wanted:
        fields |= with_stock(desk.node, _level(desk), _count(desk))
    if deed == "promotion":
        fields |= with_promotion(present, _promotion(desk, own, currency))
    if deed == "no-promotion":
        fields |= with_promotion(present, None)
    if deed in ("picture", "no-picture"):
        fields["picture_from"] = _picture(desk) if deed == "picture" else None
    return fields


def _picture(desk: Desk) -> str:
    """The address that was typed, as it is fetched."""
    url = read_picture(desk.get("picture"))
    try:
        if not isinstance(url, str):
            raise MalformedInput("no address")
        parse_url(url)
    except MalformedInput:
        what = desk.translated("An address such as https://shop.example/milk.jpg")
        raise MalformedInput(what) from None
    return url


def _amount(desk: Desk, name: str, currency: str) -> int:
    try:
        return typed_amount(desk.get(name), currency)
    except MalformedInput as error:
        shown = desk.say.plain(129, currency)
        raise MalformedInput(price_fault(desk.translated, error, like=shown)) from None


def _count(desk: Desk) -> int | None:
    text = desk.get("count")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= _MAX_COUNT):
        raise MalformedInput(desk.translated("A whole number of pieces"))
    return int(text)


def _level(desk: Desk) -> str:
    return desk.get("level") if desk.get("level") in LEVELS else "unknown"


def _promotion(desk: Desk, own: OwnSite, currency: str) -> Price:
    amount = _amount(desk, "promotion", currency)
    zone = zone_of(own.site.time_zone, at_ms=desk.node.clock.now_ms())
    begins, ends = desk.get("begins"), desk.get("ends")
    try:
        start = parse_time(begins, zone) if begins else None
        until = parse_time(ends, zone, end=True) if ends else None
    except MalformedInput:
        raise MalformedInput(desk.translated("A day such as 2026-12-24")) from None
    if until is None:
        raise MalformedInput(desk.translated("The last day of the offer is missing"))
    if start is not None and start >= until:
        raise MalformedInput(desk.translated("The offer ends before it begins"))
    return Price(amount, start, until)


def _answer(desk: Desk, mark: str, sentence: str, now: Mapping[str, str] | None = None) -> Response:
    """now: what fields rest on from now on."""
    if desk.get("quiet"):
        return JSONResponse({"mark": mark, "said": sentence, "now": now or {}})
    desk.tell(mark, sentence)
    return desk.go("/offers", q=desk.get("q") or None)


def still_right(desk: Desk) -> Response:
    """Say of prices that nobody has looked at for a year that they still hold."""
    number, now_ms = 0, desk.node.clock.now_ms()
    for one in desk.said.get("offer", []):
        found = held(desk.node, one)
        if found is not None:
            own, key, _ = found
            number += desk.node.write("offer", key, {"checked_at": now_ms}, site=own)
    desk.tell("ok", desk.many("%(num)s price confirmed.", "%(num)s prices confirmed.", number))
    return desk.go("/offers")


def remove(desk: Desk) -> Response:
    """Withdraw one offer."""
    found = held(desk.node, desk.get("offer"))
    if found is not None and desk.node.remove("offer", found[1], site=found[0]):
        name = str(found[2].get("name") or found[1])
        text = desk.translated("Withdrawn: %(name)s. “Undo” on Today brings it back.", name=name)
        desk.tell("ok", text)
    return desk.go("/offers")


def add(desk: Desk) -> Response:
    """Add an offer with a name and a price."""
    node = desk.node
    own = node.site(desk.get("site") or None)
    currency, name = own.site.currency or node.currency, " ".join(desk.get("name").split())[:200]
    code = desk.get("sku")[:120]
    faults, amount = {}, 0
    if not name:
        faults["n-name"] = desk.translated("An offer needs a name")
    try:
        amount = _amount(desk, "price", currency)
    except MalformedInput as error:
        faults["n-price"] = error.message
    key = record_key(code or name_hash(name))
    if name and node.record(node.place("offer", key, own)) is not None:
        text = desk.translated("There is an offer %(name)s already.", name=code or name)
        faults["n-name"] = text
    if faults:
        return _page(desk, faults)
    fields: dict[str, Any] = {"name": name, **({"sku": code} if code else {})}
    fields |= with_price({}, amount, currency, now_ms=node.clock.now_ms())
    node.write("offer", key, fields, site=own, only_if=is_new)
    desk.tell("ok", desk.translated("Added: %(name)s", name=name))
    return desk.go("/offers")


def remove_samples(desk: Desk) -> Response:
    """Take the sample goods of the first run from the shelf."""
    number = samples.remove(desk.node)
    text = desk.many("%(num)s sample good is gone.", "%(num)s sample goods are gone.", number)
    desk.tell("ok", text)
    return desk.go()
