"""Edits of one offer by hand: its usual price, a promotion of some days, its stock."""

from collections.abc import Mapping

from fedretail.domain.catalog import Offer
from fedretail.domain.ids import parse_offer_id
from fedretail.domain.kind import Value
from fedretail.domain.prices import Price, encode_prices
from fedretail.domain.stock import derive_stock
from fedretail.errors import MalformedInput
from fedretail.node.base import BaseNode
from fedretail.node.own_sites import OwnSite

Fields = Mapping[str, Value]


def usual(offer: Offer) -> Price | None:
    """The price that holds on all other days."""
    found = [one for one in offer.prices if (one.from_ms, one.until_ms) == (None, None)]
    return min(found, key=lambda one: (one.min_quantity, one.amount_minor), default=None)


def promotion(offer: Offer, now_ms: int) -> Price | None:
    """The first price of some days that are not over."""
    dated = (one for one in offer.prices if (one.from_ms, one.until_ms) != (None, None))
    ahead = (one for one in dated if one.until_ms is None or one.until_ms > now_ms)
    return min(ahead, key=lambda one: one.from_ms or 0, default=None)


def with_price(present: Fields, amount_minor: int, currency: str, *, now_ms: int) -> Fields:
    """The fields of another usual price; the same again says that it still holds."""
    offer = Offer.from_fields(present)
    dated = [one for one in offer.prices if (one.from_ms, one.until_ms) != (None, None)]
    struck = offer.regular if offer.regular and offer.regular > amount_minor else None
    if dated:
        struck = amount_minor
    fields: dict[str, Value] = {
        "currency": currency,
        "prices": encode_prices([Price(amount_minor), *dated]),
        "regular": struck,
    }
    if all(present.get(name) == value for name, value in fields.items()):
        fields["checked_at"] = now_ms
    return fields


def with_promotion(present: Fields, price: Price | None) -> Fields:
    """The fields of a price of some days beside the usual one, which is struck then; None: none."""
    base = usual(Offer.from_fields(present))
    if base is None:
        return {}
    if price is None:
        return {"prices": encode_prices([base]), "regular": None}
    is_less = price.amount_minor < base.amount_minor
    struck = base.amount_minor if is_less else None
    return {"prices": encode_prices([base, price]), "regular": struck}


def with_stock(node: BaseNode, level: str, count: int | None) -> Fields:
    """The fields of a stock: a count, or one of none, few, some, unknown, order."""
    if count is not None:
        config = node.config
        held = derive_stock(count, few_below=config.few_below, show_left=config.show_left)
        fields: Fields = {"stock": held.level, "left": held.left, "stock_count": count}
        return {**fields, "made_to_order": None}
    to_order = level == "order"
    said = None if level == "unknown" else "none" if to_order else level
    return {"stock": said, "left": None, "stock_count": None, "made_to_order": to_order or None}


def held(node: BaseNode, number: str) -> tuple[OwnSite, str, Fields] | None:
    """(site, key, fields with own ones) of an own offer; None where this names none."""
    try:
        site_id, key = parse_offer_id(number)
    except MalformedInput:
        return None
    own = next((one for one in node.sites() if one.id == site_id), None)
    if own is None:
        return None
    place = node.place("offer", key, own)
    folded = node.record(place)
    return None if folded is None else (own, key, {**folded.fields, **node.store.own(place)})
