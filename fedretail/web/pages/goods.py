"""Offers as cards and rows: what search found, with what only the record itself says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fedretail.domain.catalog import Offer
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import HERE_M, Listing, cheapest
from fedretail.index.query import Group
from fedretail.web.pages.drawings import Drawing, drawing_for
from fedretail.web.pages.house import Shop
from fedretail.web.pages.speech import Amount, Said
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
    """An offer on a page. shops: how many have it; url: its page; place: its address on a list.

    photo: None where there is none, or none yet; then the drawing stands alone.
    """

    listing: Listing
    offer: Offer
    shop: Shop | None
    tag: Tag
    facts: tuple[Said, ...]
    drawing: Drawing
    photo: Photo | None
    pack: str
    url: str
    shops: int = 1
    marks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.listing.name

    @property
    def is_own(self) -> bool:
        """Whether this very house offers it."""
        return self.listing.is_own


def items(visit: Visit, listings: Sequence[Listing]) -> list[Item]:
    """Offers, the cheapest per unit of them marked."""
    best = cheapest(listings)
    return [_item(visit, one, offer_of(visit, one), one.offer in best) for one in listings]


def group_items(visit: Visit, groups: Iterable[Group]) -> list[Item]:
    """Products: each as its first offer, with the number of shops that have it."""
    groups = list(groups)
    first = [group.listings[0] for group in groups]
    best = cheapest(listings_of(groups))
    return [
        _item(visit, one, offer_of(visit, one), one.offer in best, shops=group.total)
        for one, group in zip(first, groups)
    ]


def listings_of(groups: Iterable[Group]) -> list[Listing]:
    """All offers of these products that search has listed."""
    return [one for group in groups for one in group.listings]


def offer_of(visit: Visit, listing: Listing) -> Offer:
    """The whole offer behind a listing, as far as it is known."""
    shop = visit.street.by_id.get(listing.site_id)
    if shop is None:
        return Offer(name=listing.name)
    # Not parsed: a stranger's key may be one that no page could be asked for.
    key = listing.offer.partition("/")[2]
    place = RecordId(shop.owner, collection_of(listing.site_id), "offer", key)
    found = visit.node.record(place)
    return Offer.from_fields({} if found is None else found.fields)


def _item(
    visit: Visit, listing: Listing, offer: Offer, is_cheapest: bool, *, shops: int = 1
) -> Item:
    address = f"/product/{shown_gtin(listing.gtin)}" if listing.gtin else _address(listing.offer)
    return Item(
        listing=listing,
        offer=offer,
        shop=visit.street.by_id.get(listing.site_id),
        tag=tag_of(visit, listing, is_cheapest=is_cheapest),
        facts=facts_of(visit, listing),
        drawing=drawing_for(listing.category, listing.name),
        photo=photo_of(visit, offer),
        pack=visit.speech.pack(offer.net, offer.pack),
        url=visit.url(address, q=visit.asked.get("q")),
        shops=shops,
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
        facts.insert(0, say.opening(listing.open, listing.open_until_ms))
    if listing.min_age:
        facts.append(Said(say._("from %(number)s years", number=listing.min_age), "", "age"))
    if listing.for_members:
        facts.append(Said(say._("price for members")))
    return tuple(facts)


def is_here(listing: Listing) -> bool:
    """Whether one need go nowhere for it."""
    return listing.is_own and (listing.distance_m is None or listing.distance_m < HERE_M)
