"""/shop/ID: a shop, its hours, its shelf with a search of its own, and the way there."""

from datetime import timedelta
from itertools import pairwise

from starlette.responses import Response

from fedretail.domain.hours import zone_of
from fedretail.node.found import searched
from fedretail.web.pages import failures, figures
from fedretail.web.pages.goods import items
from fedretail.web.pages.house import Shop
from fedretail.web.pages.news import marks, news
from fedretail.web.pages.picture import street_map
from fedretail.web.pages.rendering import render
from fedretail.web.pages.results import asked_of
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.visit import Visit

_DAY_MS = 24 * 3600 * 1000
# Changes of a day that are listed: a shop that opens more often has hours of its own kind.
_MOST_SPANS = 4


def page(visit: Visit) -> Response:
    """The page of a shop."""
    shop = visit.street.by_id.get(visit.step("id"))
    if shop is None:
        return failures.missing(visit)
    asked = asked_of(visit, retailer=[shop.id])
    _, found = searched(
        visit.node, asked.query(visit.node, visit.street.view, stand=visit.street.stand)
    )
    cards = items(visit, found.results)
    photos = [one.photo for one in cards]
    if visit.asks_news and (told := news(visit, found.results, photos)) is not None:
        return told
    days, clock = week(visit, shop)
    return render(
        visit,
        "shop.html",
        seen=marks(found.results, photos),
        shop=shop,
        member=visit.house.member(shop),
        opening=_opening(visit, shop),
        week=days,
        week_clock=clock,
        words=asked.q,
        found=found,
        cards=cards,
        more=visit.here(cursor=found.next) if found.next else "",
        map=None if shop.is_own else street_map(visit, [shop]),
    )


def _opening(visit: Visit, shop: Shop) -> object:
    state = shop.state(visit.now_ms)
    return visit.speech.opening(state.open, state.until_ms, shop.site.time_zone)


def week(visit: Visit, shop: Shop) -> tuple[list[tuple[str, str]], str]:
    """(day, hours) of seven days from today on, by the clock of the shop, and whose clock that is.

    No days where no hours are known; no clock where ours shows the same all that week.
    """
    say = visit.speech
    zone = zone_of(shop.site.time_zone, at_ms=visit.now_ms)
    now = say.local(visit.now_ms, zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = [int((midnight + timedelta(days=number)).timestamp() * 1000) for number in range(8)]
    days = []
    for start_ms, end_ms in pairwise(ends):
        spans = _spans(say, shop, start_ms, end_ms)
        if spans is None:
            return [], ""
        name = figures.weekday(say.local(start_ms, zone).date(), say.locale)
        days.append((name, spans or say._("closed")))
    clocks = (say.other_clock(shop.site.time_zone, at_ms) for at_ms in ends)
    return days, next(filter(None, clocks), "")


def _spans(say: Speech, shop: Shop, at_ms: int, end_ms: int) -> str | None:
    """ "08:00–12:00, 14:00–18:00"; "" for a closed day, None where it is not known."""
    zone, spans = zone_of(shop.site.time_zone, at_ms=at_ms), []
    for _ in range(2 * _MOST_SPANS + 1):
        state = shop.state(at_ms)
        if state.open is None:
            return None
        until_ms = end_ms if state.until_ms is None else min(end_ms, state.until_ms)
        if state.open:
            until = "24:00" if until_ms == end_ms else say.clock(until_ms, zone)
            spans.append(f"{say.clock(at_ms, zone)}–{until}")
        if until_ms >= end_ms:
            break
        at_ms = until_ms
    return ", ".join(spans)
