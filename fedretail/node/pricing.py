"""Price and stock of an own offer as a program says them, as fields of its record."""

from collections.abc import Mapping
from typing import Any

from fedretail.domain.catalog import Offer
from fedretail.domain.kind import Value
from fedretail.domain.money import parse_amount, parse_currency
from fedretail.domain.prices import Price, encode_prices
from fedretail.domain.stock import derive_stock
from fedretail.errors import Refused
from fedretail.node.base import BaseNode
from fedretail.node.own_sites import OwnSite


def priced(
    node: BaseNode, own: OwnSite, edit: Mapping[str, Any], present: Mapping[str, Value]
) -> dict[str, Value]:
    """The fields to write: of price {"amount", "currency"}, and stock (a count or a level).

    `present`: the offer as it is. A new price stands in place of all others, promotions too. One
    that is the same is confirmed. Refused for another currency than the offer's.
    """
    fields: dict[str, Value] = {}
    if edit.get("price") is not None:
        fields |= _price(own, present, edit["price"])
        if all(present.get(name) == value for name, value in fields.items()):
            fields["checked_at"] = node.clock.now_ms()
    if "stock" in edit:
        fields |= _stock(node, edit["stock"])
    return fields


def _price(own: OwnSite, present: Mapping[str, Value], said: Mapping[str, str]) -> dict[str, Value]:
    offer = Offer.from_fields(present)
    usual = offer.currency or own.site.currency or "EUR"
    currency = parse_currency(said.get("currency") or usual)
    if currency != usual and offer.prices:
        raise Refused(f"This offer has its prices in {usual}.", hint="Leave currency out.")
    amount = parse_amount(said["amount"], currency, decimal=".")
    return {"currency": currency, "prices": encode_prices([Price(amount)]), "regular": None}


def _stock(node: BaseNode, said: int | str) -> dict[str, Value]:
    if isinstance(said, int):
        config = node.config
        held = derive_stock(said, few_below=config.few_below, show_left=config.show_left)
        level: Value = held.level
        return {"stock": level, "left": held.left, "made_to_order": None, "stock_count": said}
    level = None if said == "unknown" else said
    return {"stock": level, "left": None, "made_to_order": None, "stock_count": None}
