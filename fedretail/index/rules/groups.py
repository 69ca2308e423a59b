"""One product, many shops: offers of the same GTIN as one result. The definition."""

from collections.abc import Iterable
from typing import TypeVar

from fedretail.domain.ids import is_restricted
from fedretail.index.rules.goods import Goods

Key = tuple[str, ...]
T = TypeVar("T")


def group_key(goods: Goods) -> Key:
    """The same for offers of one product.

    A number that shops give out themselves (scales, bread of the house) names a product only
    within one member; an offer without a number stands alone.
    """
    if goods.gtin is None:
        return ("offer", goods.offer)
    if is_restricted(goods.gtin):
        return ("own", goods.where.owner.hex(), goods.gtin)
    return ("gtin", goods.gtin)


def grouped(hits: Iterable[tuple[Goods, T]]) -> list[list[T]]:
    """The hits by product, in their order; a product stands where its first hit does."""
    groups: dict[Key, list[T]] = {}
    for goods, hit in hits:
        groups.setdefault(group_key(goods), []).append(hit)
    return list(groups.values())
