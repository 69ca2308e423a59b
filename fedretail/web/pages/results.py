"""What was found: the count as a heading, chips to sort and narrow, a card for each product."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from fedretail.domain.geo import parse_length
from fedretail.domain.listings import cheapest
from fedretail.domain.texts import quoted
from fedretail.errors import UsageError
from fedretail.index.language.text import fold
from fedretail.index.query import Page
from fedretail.node.found import searched
from fedretail.web.asking import Asked
from fedretail.web.pages.goods import Item, group_items, items, listings_of
from fedretail.web.pages.news import marks, news
from fedretail.web.pages.picture import Mapped, goods_map
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

FIRST = 24
# As far as people walk or cycle for a thing.
NEAR = "5km"
_MOST_CLAIMS = 2
# Parameters of a results page that search itself understands.
_PASSED = ("q", "sort", "within", "category", "cursor", "open_now", "in_stock")


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice: its words, its icon, where it leads, whether it is taken."""

    text: str
    url: str
    is_on: bool
    icon: str = ""


def asked_of(visit: Visit, **said: Any) -> Asked:
    """What a page asks of search; UsageError for what nobody can ask."""
    passed = {name: visit.asked[name] for name in _PASSED if visit.asked.get(name)}
    claims = [claim for claim in visit.all("claim") if claim]
    try:
        return Asked(**{**passed, "claim": claims, "limit": FIRST, **said})
    except ValidationError as error:
        name = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise UsageError(
            f"{quoted(name)} cannot be {quoted(str(visit.asked.get(name)))}."
        ) from None


def page(visit: Visit) -> Response:
    """The results of a search or of a category."""
    view = visit.street.view
    asked = asked_of(visit, group=True, facets=True)
    if asked.sort == "nearest" and visit.street.here is None:
        asked = asked.model_copy(update={"sort": "best"})
    query = asked.query(visit.node, view, stand=visit.street.stand)
    # Who still types has not come to the end of the last word.
    _, found = searched(visit.node, replace(query, begun=bool(visit.asked.get("begun"))))
    shown = [*found.results, *([found.further] if found.further is not None else [])]
    cards = group_items(visit, found.groups)
    further = items(visit, [found.further]) if found.further is not None else []
    photos = [one.photo for one in (*cards, *further)]
    if visit.asks_news and (told := news(visit, shown, photos)) is not None:
        return told
    return render(
        visit,
        "results.html",
        words=asked.q,
        found=found,
        cards=cards,
        further=further,
        sentence=_sentence(visit, asked, found),
        sorts=_sorts(visit, asked, cards),
        filters=_filters(visit, asked, cards),
        more=visit.here(cursor=found.next) if found.next else "",
        map=_map(visit, found),
        seen=marks(shown, photos),
        means=_means(visit, asked, found),
    )


def _means(visit: Visit, asked: Asked, found: Page) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each word that no offer has: it, and what was looked for instead, each with a search."""

    def instead(typed: str, other: str) -> str:
        words = [other if fold(word) == typed else word for word in asked.q.split()]
        return visit.here(q=" ".join(words), begun=None)

    return [
        (one.typed, [(word, instead(one.typed, word)) for word in one.shown])
        for one in found.instead
    ]


def _map(visit: Visit, found: Page) -> Mapped | None:
    listed = listings_of(found.groups)
    if found.further is not None:
        listed.append(found.further)
    return goods_map(visit, listed, best=cheapest(listed))


def _sentence(visit: Visit, asked: Asked, found: Page) -> str:
    """ "17 products at 14 shops within 5 km": what a screen reader says when they have come."""
    say = visit.speech
    what = asked.q.strip() or (asked.category or "").rpartition(">")[2].strip()
    shops = 0 if found.facets is None else found.facets.shops
    products = found.products or 0
    if not products and asked.within:
        return say._(
            "No shop within %(distance)s has “%(what)s”",
            distance=say.distance(parse_length(asked.within)),
            what=what,
        )
    if not products:
        return say._("Nobody here has “%(what)s”", what=what)
    count = say._n("%(number)s product", "%(number)s products", products)
    if visit.is_alone or not shops:
        return say._("%(count)s for “%(what)s”", count=count, what=what)
    at = say._n("%(number)s shop", "%(number)s shops", shops)
    return say._("%(count)s for “%(what)s” at %(shops)s", count=count, what=what, shops=at)


def _sorts(visit: Visit, asked: Asked, cards: list[Item]) -> list[Chip]:
    say = visit.speech
    units = Counter(one.listing.unit_price.per for one in cards if one.listing.unit_price)
    unit = units.most_common(1)[0][0] if units else ""
    choices = [("best", say._("Best")), ("cheapest-unit", say.cheapest_per(unit))]
    if visit.street.here is not None and not visit.is_alone:
        choices.insert(1, ("nearest", say._("Nearest")))
    return [
        Chip(text, visit.here(sort=None if name == "best" else name), asked.sort == name)
        for name, text in choices
    ]


def _filters(visit: Visit, asked: Asked, cards: list[Item]) -> list[Chip]:
    say = visit.speech
    chips = [Chip(say._("In stock"), _flip(visit, "in_stock", "true"), asked.in_stock, "stock")]
    if not visit.is_alone:
        text, is_on = say._("Open now"), asked.open_now
        chips.insert(0, Chip(text, _flip(visit, "open_now", "true"), is_on, "clock"))
    chips += [
        Chip(claim, _flip(visit, "claim", claim), claim in asked.claim)
        for claim in _claims(asked, cards)
    ]
    if visit.street.here is not None and not visit.is_alone:
        text = say._("Within %(distance)s", distance=say.distance(5_000))
        chips.append(Chip(text, _flip(visit, "within", NEAR), asked.within == NEAR, "place"))
    return chips


def _flip(visit: Visit, name: str, value: str) -> str:
    return visit.here(**{name: None if visit.asked.get(name) == value else value})


def _claims(asked: Asked, cards: list[Item]) -> list[str]:
    """Claims that some of these make, as they write them; those asked for before all."""
    counts = Counter(claim for one in cards for claim in one.listing.claims)
    common = [claim for claim, _ in counts.most_common(_MOST_CLAIMS) if claim not in asked.claim]
    return [*asked.claim, *common][:_MOST_CLAIMS]
