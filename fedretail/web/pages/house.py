"""What all pages of one node share: the street around it and the view that is shown."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeGuard

from fedretail.domain.geo import Position, bearing_deg, distance_m
from fedretail.domain.hours import OpenState
from fedretail.domain.ids import collection_of
from fedretail.domain.members import Member
from fedretail.domain.sites import Site
from fedretail.errors import UsageError
from fedretail.index.answering.judge import UNHEARD_MS
from fedretail.index.answering.stored import where_of
from fedretail.index.views import View
from fedretail.node import directory
from fedretail.node.node import Node
from fedretail.web.asking import Stand
from fedretail.web.pages.signs import colour, initials
from fedretail.web.pages.towns import towns_of

NOWHERE = Stand(None, "EUR")
# Shops come and go by the day; the record of each is read again after so long.
_KEPT_MS = 5_000


@dataclass(frozen=True)
class Shop:
    """A shop of the street: its record, its mark, and where it lies from here."""

    id: str
    owner: bytes
    site: Site
    is_own: bool
    distance_m: float | None = None
    bearing_deg: float | None = None
    seen_at_ms: int | None = None

    @property
    def name(self) -> str:
        """What stands above its door."""
        return self.site.name

    @property
    def position(self) -> Position | None:
        """Where it is."""
        return self.site.position

    @cached_property
    def initials(self) -> str:
        """Two letters for its sign."""
        return initials(self.site.name)

    @cached_property
    def colour(self) -> int:
        """The colour of its sign, 0 to 7."""
        return colour(self.site, self.id)

    def state(self, at_ms: int) -> OpenState:
        """Open or not at a moment."""
        return self.site.open_state(at_ms)


@dataclass(frozen=True)
class Street:
    """All shops that a view shows, the nearest first, own ones before all; read_at_ms: when.

    stand: this house's own. label: what the view calls itself where it leaves something out.
    unfit: the view that the settings name and that cannot be shown; own shops stand here then.
    """

    view: View
    shops: Sequence[Shop]
    read_at_ms: int
    stand: Stand = NOWHERE
    by_id: dict[str, Shop] = field(default_factory=dict)
    label: str = ""
    unfit: str = ""

    @property
    def here(self) -> Position | None:
        """From where distances are measured."""
        return self.stand.position

    @cached_property
    def towns(self) -> list[tuple[str, Position]]:
        """Names and places of the towns that its shops stand in."""
        addresses = ((one.site.address, one.position) for one in self.shops)
        return towns_of((text, place) for text, place in addresses if place is not None)

    @property
    def others(self) -> list[Shop]:
        """The neighbours."""
        return [shop for shop in self.shops if not shop.is_own]

    @property
    def heard_at_ms(self) -> int | None:
        """When the newest word of a neighbour was signed."""
        return max((one.seen_at_ms for one in self.others if one.seen_at_ms), default=None)


class House:
    """A node as its pages see it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._lock = threading.Lock()
        self._street: Street | None = None

    def now_ms(self) -> int:
        """The time by which prices open and close."""
        return self.node.time.now_ms()

    def street(self) -> Street:
        """The shops around, read anew every few seconds."""
        now_ms, street = self.now_ms(), self._street
        if _is_fresh(street, now_ms):
            return street
        with self._lock:
            # Of all who wait for it the first has read it for the others.
            street = self._street
            if not _is_fresh(street, now_ms):
                street = self._street = _street(self.node, now_ms)
            return street

    def forget(self) -> None:
        """Read the shops anew for the next page."""
        with self._lock:
            self._street = None

    def member(self, shop: Shop) -> Member:
        """Who stands behind a shop."""
        return directory.member(self.node, shop.owner) or Member()


def _is_fresh(street: Street | None, now_ms: int) -> TypeGuard[Street]:
    return street is not None and 0 <= now_ms - street.read_at_ms < _KEPT_MS


def _label(view: View, name: str) -> str:
    """The title of a view; its name in the settings where it narrows without having one."""
    narrowing = replace(view, own="all", owner=None, title="")
    return view.title or (name if narrowing != View() else "")


def _street(node: Node, now_ms: int) -> Street:
    name = node.config.web_view
    if not name:
        return _read(node, View(own="first", owner=node.owner), now_ms)
    try:
        view = node.view(name)
    except UsageError:
        # No visitor has said that; and what the view would hide, it hides now too.
        return replace(_read(node, View(own="only", owner=node.owner), now_ms), unfit=name)
    return replace(_read(node, view, now_ms), label=_label(view, name))


def _read(node: Node, view: View, now_ms: int) -> Street:
    stand = Stand.of(node)
    here = stand.position
    shops = []
    for one in directory.sites(node):
        owner, site, collection = one.owner, one.site, collection_of(one.id)
        if not view.at_site(where_of(owner, one.id, site, at_ms=now_ms, near=here)):
            continue
        is_own = owner == node.owner
        seen = None if is_own else node.store.seen_at(owner, collection)
        if seen is not None and now_ms - seen > UNHEARD_MS:
            continue
        away = _away(here, site.position)
        shops.append(Shop(one.id, owner, site, is_own, *away, seen))
    shops.sort(key=_order)
    by_id = {shop.id: shop for shop in shops}
    return Street(view, tuple(shops), now_ms, stand, by_id)


def _away(here: Position | None, place: Position | None) -> tuple[float | None, float | None]:
    if here is None or place is None:
        return None, None
    return distance_m(here, place), bearing_deg(here, place)


def _order(shop: Shop) -> tuple[bool, bool, float, str]:
    return not shop.is_own, shop.distance_m is None, shop.distance_m or 0.0, shop.id
