"""Named views: what part of the catalog one exit of a node shows, and how it marks its own."""

from dataclasses import dataclass
from typing import Literal

from fedretail.index.rules.categories import category_matches
from fedretail.index.rules.filters import Filters
from fedretail.index.rules.goods import Goods, Where

Own = Literal["all", "first", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Filters):
    """A part of the assortment: filters, and what it does with the node's own offers.

    own: "only" shows no others; "first" lists them first, marked. owner: whose they are; None is
    a node that has none. categories: any of them; hidden_categories and hidden_retailers: none.
    title: what pages say that they show.
    """

    own: Own = "all"
    owner: bytes | None = None
    categories: tuple[str, ...] = ()
    hidden_categories: tuple[str, ...] = ()
    hidden_retailers: frozenset[str] = frozenset()
    title: str = ""

    def at_site(self, where: Where) -> bool:
        """Whether this site belongs to the view."""
        return not self._hides(where.owner, where.site) and Filters.at_site(self, where)

    def may_show(self, owner: bytes, site: str) -> bool:
        """Whether this site can belong to the view, wherever it moves: whose it is stays."""
        named = self.retailers is None or not self.retailers.isdisjoint((site, owner.hex()))
        return named and not self._hides(owner, site)

    def _hides(self, owner: bytes, site: str) -> bool:
        is_foreign = self.own == "only" and owner != self.owner
        return is_foreign or not self.hidden_retailers.isdisjoint((site, owner.hex()))

    def on_shelf(self, category: str) -> bool:
        """Whether offers of this category ("" for none) belong to the view."""
        if any(category_matches(category, hidden) for hidden in self.hidden_categories):
            return False
        wanted = self.categories
        return not wanted or any(category_matches(category, one) for one in wanted)

    def shows(self, goods: Goods, at_ms: int) -> bool:
        """Whether the view shows these goods: the whole definition, for one offer."""
        return (
            self.at_site(goods.where) and self.on_shelf(goods.category) and self.keeps(goods, at_ms)
        )
