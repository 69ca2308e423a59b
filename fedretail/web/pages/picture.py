"""The rings map of a page: which shops stand on it, with which tags, towns and words."""

from collections.abc import Sequence
from dataclasses import dataclass

from fedretail.domain.hours import OpenState
from fedretail.domain.listings import Listing
from fedretail.web.pages import rings
from fedretail.web.pages.house import Shop
from fedretail.web.pages.rings import Rings, Spot
from fedretail.web.pages.visit import Visit

# Seen at a glance, and drawn in 4 to 6 kB.
MOST_SHOPS = 18


@dataclass(frozen=True, slots=True)
class Mapped:
    """A drawing with what its dots stand for. best: the shop whose tag is yellow."""

    rings: Rings
    shops: dict[str, Shop]
    states: dict[str, OpenState]
    label: str
    best: str = ""
    routes: bool = False


def street_map(visit: Visit, shops: Sequence[Shop], *, most: int = MOST_SHOPS) -> Mapped | None:
    """The nearest shops around this one; None where it has no place, or shows itself alone."""
    return _mapped(visit, [one for one in shops if one.position is not None][:most], {})


def goods_map(
    visit: Visit, found: Sequence[Listing], *, best: set[str], routes: bool = False
) -> Mapped | None:
    """The shops that have something, each with its best price. best: offers marked cheapest."""
    prices: dict[str, Listing] = {}
    for one in found:
        before = prices.get(one.site_id)
        if before is None or _rank(one) < _rank(before):
            prices[one.site_id] = one
    known = visit.street.by_id
    shops = [known[name] for name in prices if name in known and known[name].position is not None]
    cheapest = next((name for name, one in prices.items() if one.offer in best), "")
    return _mapped(visit, shops[:MOST_SHOPS], prices, best=cheapest, routes=routes)


def _rank(one: Listing) -> float:
    return float("inf") if one.unit_price is None else one.unit_price.amount_minor


def _mapped(
    visit: Visit,
    shops: Sequence[Shop],
    prices: dict[str, Listing],
    *,
    best: str = "",
    routes: bool = False,
) -> Mapped | None:
    here = visit.street.here
    if here is None or visit.is_alone:
        return None
    home = visit.shop
    others = [one for one in shops if home is None or one.id != home.id]
    spots = [
        Spot(one.id, one.position, _plain(visit, prices, one.id), _rank_of(prices, one.id))
        for one in others
        if one.position is not None
    ]
    mark = None
    if home is not None:
        tag, rank = _plain(visit, prices, home.id), _rank_of(prices, home.id)
        mark = Spot(home.id, here, tag, rank)
    states = {one.id: one.state(visit.now_ms) for one in others}
    is_open = sum(1 for state in states.values() if state.open)
    return Mapped(
        rings=rings.draw(
            here, spots, visit.street.towns, home=mark, distance=visit.speech.distance
        ),
        shops={one.id: one for one in others},
        states=states,
        label=visit.speech.map_label(len(others), is_open),
        best=best,
        routes=routes,
    )


def _plain(visit: Visit, prices: dict[str, Listing], shop: str) -> str:
    one = prices.get(shop)
    if one is None or one.amount_minor is None or one.currency is None:
        return ""
    return visit.speech.money(one.amount_minor, one.currency)


def _rank_of(prices: dict[str, Listing], shop: str) -> float:
    return _rank(prices[shop]) if shop in prices else float("inf")
