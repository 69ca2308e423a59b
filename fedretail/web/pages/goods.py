"""Offers as cards and rows: what search found, and where a page needs it, the record itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from fedretail.domain.catalog import Offer
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import HERE_M, Listing, cheapest
from fedretail.index.query import Group
from fedretail.web.pages.drawings import Drawing, drawing_for
from fedretail.web.pages.figures import Amount
from fedretail.web.pages.house import Shop
from fedretail.web.pages.speech import Said
from fedretail.web.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Tag:
    """A price tag: the amount in parts, the price per unit, and all of it for those who listen."""

    amount: Amount | None
    unit: str
    spoken: str
    is_cheapest: bool
    struck: str = ""
    lowest: str = ""
    deposit: str = ""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that is here: its address in this house, its size in dots, what it shows."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Item:
    """An offer on a page. url: its page.

    shops: how many have it, 0 where more than are listed do; offers: how many there are of it.
    photo: None where there is none, or none yet; then the drawing stands alone.
    """

    listing: Listing
    shop: Shop | None
    tag: Tag
    facts: tuple[Said, ...]
    drawing: Drawing
    photo: Photo | None
    pack: str
    url: str
    shops: int = 1
    offers: int = 1
    marks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.listing.name

    @property
    def is_own(self) -> bool:
        """Whether this very house offers it."""
        return self.listing.is_own


def items(visit: Visit, listings: Sequence[Listing], *, compared: bool = True) -> list[Item]:
    """Offers, the cheapest per unit of them marked; not where nobody would compare them."""
    best = cheapest(listings) if compared else set()
    offers = offers_of(visit, listings)
    return [_item(visit, one, offers.get(one.offer), one.offer in best) for one in listings]


def group_items(visit: Visit, groups: Iterable[Group]) -> list[Item]:
    """Products: each as its first offer, with the number of shops that have it."""
    groups = list(groups)
    first = [group.listings[0] for group in groups]
    best = cheapest(listings_of(groups))
    # Only the pictures are asked of them: all at once, and nothing where none is.
    offers = offers_of(visit, first)
    cards = [_item(visit, one, offers.get(one.offer), one.offer in best) for one in first]
    return [
        replace(card, shops=_shops_of(group), offers=group.total)
        for card, group in zip(cards, groups)
    ]


def _shops_of(group: Group) -> int:
    if len(group.listings) < group.total:
        return 0
    return len({one.site_id for one in group.listings})


def listings_of(groups: Iterable[Group]) -> list[Listing]:
    """All offers of these products that search has listed."""
    return [one for group in groups for one in group.listings]


def offers_of(visit: Visit, listings: Iterable[Listing]) -> dict[str, Offer]:
    """The whole offers behind listings by their ids, as far as they are known; read at once."""
    places: dict[str, RecordId] = {}
    for one in listings:
        shop = visit.street.by_id.get(one.site_id)
        if shop is not None:
            # Not parsed: a stranger's key may be one that no page could be asked for.
            key = one.offer.partition("/")[2]
            places[one.offer] = RecordId(shop.owner, collection_of(one.site_id), "offer", key)
    found = visit.node.store.records_of(places.values())
    return {
        offer: Offer.from_fields(found[place].fields)
        for offer, place in places.items()
        if place in found
    }


def _item(visit: Visit, listing: Listing, offer: Offer | None, is_cheapest: bool) -> Item:
    address = f"/product/{shown_gtin(listing.gtin)}" if listing.gtin else _address(listing.offer)
    return Item(
        listing=listing,
        shop=visit.street.by_id.get(listing.site_id),
        tag=tag_of(visit, listing, is_cheapest=is_cheapest),
        facts=facts_of(visit, listing),
        drawing=drawing_for(listing.category, listing.name),
        photo=None if offer is None else photo_of(visit, offer),
        pack=visit.speech.pack(listing.net, listing.pack),
        url=visit.url(address, q=visit.asked.get("q"), begun=visit.asked.get("begun")),
    )


def photo_of(visit: Visit, offer: Offer, *, is_large: bool = False) -> Photo | None:
    """The picture of an offer, as far as it is here; what is missing is fetched meanwhile."""
    if not offer.pictures:
        return None
    size = visit.node.pictures.shown(offer.pictures, is_large=is_large)
    if size is None:
        return None
    return Photo(f"/pictures/{size.name}.webp", size.width, size.height, size.alt or offer.name)


def _address(offer: str) -> str:
    """The page of an offer; its key is a stranger's, and leads nowhere else: "../../kiosk?end"."""
    site, _, key = offer.partition("/")
    return f"/offer/{site}/{quote(key, safe='')}"


def shown_gtin(gtin: str) -> str:
    """A barcode as it is printed on a pack: without the zeros that fill it up."""
    if gtin.startswith("000000"):
        return gtin[6:]
    return gtin.removeprefix("0")


def tag_of(visit: Visit, listing: Listing, *, is_cheapest: bool = False) -> Tag:
    """The price tag of an offer."""
    say = visit.speech
    amount, currency = listing.amount_minor, listing.currency
    spoken = say.spoken_price(listing, is_cheapest=is_cheapest)
    if amount is None or currency is None:
        return Tag(None, "", spoken, False)
    was, lowest, deposit = listing.regular_minor, listing.lowest_30d_minor, listing.deposit_minor
    # The law lets nobody strike a price who does not say the lowest of the month before.
    is_struck = was is not None and lowest is not None
    return Tag(
        amount=say.amount(amount, currency),
        unit=say.unit_price(listing),
        spoken=spoken,
        is_cheapest=is_cheapest,
        struck=say.money(was, currency) if was is not None and is_struck else "",
        lowest=say.money(lowest, currency) if lowest is not None and is_struck else "",
        deposit=say.money(deposit, currency) if deposit else "",
    )


def facts_of(visit: Visit, listing: Listing) -> tuple[Said, ...]:
    """What follows the way there, always in this order: open, stock, age, who may buy."""
    say = visit.speech
    facts = [say.stock(listing.stock), say.age(listing)]
    if not is_here(listing) and not visit.is_alone:
        facts.insert(0, say.opening(listing.open, listing.open_until_ms, listing.time_zone))
    if listing.min_age:
        facts.append(Said(say._("from %(number)s years", number=listing.min_age), "", "age"))
    if listing.for_members:
        facts.append(Said(say._("price for members")))
    return tuple(facts)


def is_here(listing: Listing) -> bool:
    """Whether one need go nowhere for it."""
    return listing.is_own and (listing.distance_m is None or listing.distance_m < HERE_M)
