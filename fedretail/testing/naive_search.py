"""A search that looks at every record: what the index has to answer, from the rules alone.

It shares with the index how texts are cut into words and what a score is, and nothing else.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain.ages import min_age_for
from fedretail.domain.geo import distance_m
from fedretail.domain.kind import RecordId
from fedretail.index.answering import candidates
from fedretail.index.answering.terms import query_terms
from fedretail.index.language.text import fold
from fedretail.index.query import Query
from fedretail.index.rules import ranking
from fedretail.index.rules.ranking import Term, answered, rarity, score, telling
from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.views import View
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_seen import Seen, seen_of
from fedretail.testing.naive_words import NaiveWords, holds

_UNHEARD_MS = 30 * 24 * 3600 * 1000
_SILENT_MS = 7 * 24 * 3600 * 1000
_UNITS = ["kg", "l", "m", "piece"]


@dataclass(frozen=True)
class Found:
    """All hits in order; how many hold every word; counts by facet; offers by product.

    told: of each hit what a Listing says of it, by the names of its fields.
    """

    offers: list[str]
    full: int
    facets: dict[str, Counter[Any]]
    products: list[list[str]]
    told: dict[str, dict[str, Any]]


def naive_search(
    store: MemoryRecords, query: Query, *, now_ms: int, few: int | None = None
) -> Found:
    """Every hit of the query, limit, offset and cursor aside.

    few: fewer offers with every word, and those with some of them are listed too; None: fewer
    than a page where the best are asked for, else none.
    """
    at_ms = now_ms if query.at_ms is None else query.at_ms
    there = [
        seen_of(store, place, folded, query=query, at_ms=at_ms) for place, folded in _offers(store)
    ]
    digits = "".join(one for one in query.words if one not in " -")
    texts = [one.words for one in there if one.offer.name]
    typed = digits if digits.isdigit() and digits.isascii() else query.words
    terms = _terms(typed, NaiveWords(texts), query)
    of_query = [one for one in there if _is_hit(one, store, query, at_ms=at_ms, now_ms=now_ms)]
    hits = _holding(of_query, terms)
    is_found = not all(one.is_partial for one in hits) and not any(
        term.is_guessed for term in terms
    )
    if not is_found and query.view is not None and _hides(query.view):
        wide = Query(view=query.view, member=query.member)
        shown = [one for one in there if _is_hit(one, store, wide, at_ms=at_ms, now_ms=now_ms)]
        words = NaiveWords([one.words for one in shown if one.offer.name], of=texts)
        terms = _terms(typed, words, query)
        hits = _holding(of_query, terms)
    if query.words.strip() and not terms:
        return _answer([], query, [], at_ms=at_ms, now_ms=now_ms)
    weighed = [term._replace(weight=_weight(term, texts)) for term in terms]
    few = few if few is not None else 10 if query.sort == "best" else 1
    hits = _enough(hits, weighed, texts, few)
    weighed = weighed if len(terms) > 1 else terms
    return _answer(hits, query, weighed, at_ms=at_ms, now_ms=now_ms)


def _terms(typed: str, words: NaiveWords, query: Query) -> list[Term]:
    return query_terms(typed, words, begun=query.begun, as_typed=query.as_typed)


def _holding(offers: list[Seen], terms: list[Term]) -> list[Seen]:
    """Those that hold some of the terms, or all offers where there are none."""
    for one in offers:
        one.held = {term.text for term in terms if holds(one.words, term)}
        one.is_partial = any(term.text not in one.held for term in terms)
    return [one for one in offers if one.held or not terms]


def _hides(view: View) -> bool:
    """Whether the view leaves anything out."""
    return (
        view.own == "only"
        or replace(view, own="all", owner=None, title="", near=None, currency=None) != View()
    )


def _enough(hits: list[Seen], weighed: list[Term], texts: list[list[str]], few: int) -> list[Seen]:
    """Those with every word; where they are few, also those with a telling one, or any."""
    full = [one for one in hits if not one.is_partial]
    if len(full) >= few or len(weighed) < 2:
        return full
    known = [term for term in weighed if any(holds(words, term) for words in texts)]
    best = _tried(known, texts)
    with_best = [one for one in hits if best & one.held]
    return with_best if len(with_best) >= few else hits


def _tried(known: list[Term], texts: list[list[str]]) -> set[str]:
    """The telling terms, and of the others the rarest while they are in few offers together."""
    counts = {term.text: _count(term, texts) for term in known}
    best = {term.text for term in telling(known)}
    rows = sum(counts[text] for text in best)
    for text in sorted((one for one in counts if one not in best), key=lambda one: counts[one]):
        rows += counts[text]
        best |= {text} if rows <= candidates.MOST_PARTIAL_ROWS else set()
    return best


def _offers(store: MemoryRecords) -> list[tuple[RecordId, Folded]]:
    return [(place, folded) for place, folded in store.present.items() if place.kind == "offer"]


def _weight(term: Term, texts: list[list[str]]) -> float:
    if any(form.begun for form in term.forms):
        return rarity(0, 0)
    return rarity(len(texts), min(len(texts), _count(term, texts)))


def _count(term: Term, texts: list[list[str]]) -> int:
    if any(form.begun for form in term.forms):
        return len(texts)  # not counted
    return sum(form.token in words for words in texts for form in term.forms)


def _is_hit(one: Seen, store: MemoryRecords, query: Query, *, at_ms: int, now_ms: int) -> bool:
    owner, site = one.record.owner, one.record.collection[5:]
    heard = store.heard.get((owner, one.record.collection))
    if heard is None or now_ms - heard > _UNHEARD_MS or one.site.position is None:
        return False
    if site_id(owner, one.site.nonce) != site or not one.offer.shown(at_ms):
        return False
    if query.category and not _below(one.offer.category, query.category):
        return False
    if query.gtin is not None and one.offer.gtin != query.gtin:
        return False
    return _passes(one, query, at_ms) and (query.view is None or _in_view(one, query.view, at_ms))


def _passes(one: Seen, asked: Any, at_ms: int) -> bool:
    """Whether the filters that a query and a view share hold."""
    owner, site, place = one.record.owner.hex(), one.record.collection[5:], one.site.position
    assert place is not None
    claims = {fold(claim) for claim in one.offer.claims}
    age = one.offer.min_age
    years = age if age is not None else min_age_for(one.offer.category) or 0
    amount = one.amount if one.currency == asked.currency else None
    confirmed = one.confirmed_ms
    return all((
        asked.within_m is None or distance_m(asked.near, place) <= asked.within_m,
        asked.box is None or _in_box(asked.box, place.lat, place.lon),
        asked.retailers is None or owner in asked.retailers or site in asked.retailers,
        not asked.open_now or one.site.open_state(at_ms).open is True,
        not asked.in_stock or one.stock != STOCK_NONE,
        asked.min_price_minor is None or (amount is not None and amount >= asked.min_price_minor),
        asked.max_price_minor is None or (amount is not None and amount <= asked.max_price_minor),
        asked.type is None or one.offer.type == asked.type,
        all(fold(claim) in claims for claim in asked.claims),
        asked.newer_than_ms is None
        or (confirmed is not None and confirmed >= at_ms - asked.newer_than_ms),
        asked.for_age is None or years <= asked.for_age,
    ))  # fmt: skip


def _in_view(one: Seen, view: View, at_ms: int) -> bool:
    owner, site = one.record.owner, one.record.collection[5:]
    category = one.offer.category
    return all((
        view.own != "only" or owner == view.owner,
        not {owner.hex(), site} & view.hidden_retailers,
        not view.categories or any(_below(category, wanted) for wanted in view.categories),
        not any(_below(category, hidden) for hidden in view.hidden_categories),
        _passes(one, view, at_ms),
    ))  # fmt: skip


def _in_box(box: Any, lat: float, lon: float) -> bool:
    """Whether a place lies in a box, by walking eastwards from its western edge."""
    if not box.south <= lat <= box.north:
        return False
    width = 360.0 if (box.west, box.east) == (-180, 180) else (box.east - box.west) % 360
    return abs(lat) == 90 or (lon - box.west) % 360 <= width


def _path(category: str) -> list[str]:
    for sign in "»|/":
        category = category.replace(sign, ">")
    return [step.strip() for step in category.split(">")]


def _below(category: str, wanted: str) -> bool:
    path, asked = [fold(s) for s in _path(category)], [fold(s) for s in _path(wanted)]
    if category == "":
        return False
    return path[: len(asked)] == asked or (len(asked) == 1 and asked[0] in path)


def _answer(hits: list[Seen], query: Query, terms: list[Term], *, at_ms: int, now_ms: int) -> Found:
    counts: Counter[str] = Counter(one.unit.per for one in hits if one.unit is not None)
    ranks = sorted(_UNITS, key=lambda per: (-counts[per], _UNITS.index(per)))
    hits = sorted(hits, key=lambda one: _order(one, query, terms, ranks=ranks, at_ms=at_ms))
    products: dict[Any, list[str]] = {}
    for one in hits:
        products.setdefault(one.product, []).append(one.id)
    return Found(
        [one.id for one in hits],
        sum(not one.is_partial for one in hits),
        _facets(hits, query, at_ms),
        list(products.values()),
        {one.id: _told(one, query, terms, at_ms=at_ms, now_ms=now_ms) for one in hits},
    )


def _told(one: Seen, query: Query, terms: list[Term], *, at_ms: int, now_ms: int) -> dict[str, Any]:
    offer, site, price = one.offer, one.site, one.price
    state = site.open_state(at_ms)
    regular = offer.regular
    is_reduced = regular is not None and one.amount is not None and regular > one.amount
    is_silent = now_ms - one.heard_ms > _SILENT_MS
    return {
        "name": offer.name,
        "gtin": offer.gtin,
        "currency": one.currency,
        "amount_minor": one.amount,
        "regular_minor": regular if is_reduced else None,
        "deposit_minor": offer.deposit,
        "unit_price": one.unit,
        "stock": offer.stock,
        "distance_m": one.away_m if query.near else None,
        "site_id": one.record.collection[5:],
        "site_name": site.name,
        "position": site.position,
        "open": state.open,
        "open_until_ms": state.until_ms,
        "seen_at_ms": one.heard_ms,
        "confirmed_at_ms": one.confirmed_ms,
        "category": offer.category,
        "min_age": min_age_for(offer.category) if offer.min_age is None else offer.min_age,
        "warnings": ("silent",) * is_silent + ("signed-twice",) * one.is_twice,
        "score": _points(one, query, terms, at_ms) if query.sort == "best" else 0.0,
        "is_own": one.record.owner == query.owner,
        "for_members": price is not None and price.audience == "members",
        "claims": offer.claims,
    }


def _points(one: Seen, query: Query, terms: list[Term], at_ms: int) -> float:
    away_m = one.away_m if query.near else None
    age_ms = None if one.confirmed_ms is None else at_ms - one.confirmed_ms
    return score(naive_relevance(terms, one.words, one.named), away_m, one.stock, age_ms=age_ms)


def _order(
    one: Seen, query: Query, terms: list[Term], *, ranks: list[str], at_ms: int
) -> tuple[Any, ...]:
    first = query.view is not None and query.view.own == "first"
    behind = first and query.view is not None and one.record.owner != query.view.owner
    unsure = query.in_stock and one.stock == STOCK_UNKNOWN
    start = (one.is_partial, behind, unsure)
    if query.sort == "nearest":
        return (*start, one.away_m, one.id)
    if query.sort == "best":
        return (*start, -_points(one, query, terms, at_ms), one.id)
    priced = (one.price is None, one.currency != query.currency, one.currency or "")
    if query.sort == "cheapest":
        return (*start, *priced, one.amount or 0, one.away_m, one.id)
    unit = (ranks.index(one.unit.per), one.unit.amount_minor) if one.unit else (0, 0)
    return (*start, *priced, *unit, one.away_m, one.id)


def _facets(hits: list[Seen], query: Query, at_ms: int) -> dict[str, Counter[Any]]:
    """Counts by facet; texts folded."""
    counts: dict[str, Counter[Any]] = {
        name: Counter() for name in ("categories", "brands", "retailers", "stock", "open", "prices")
    }
    words = {STOCK_LIKELY: "in_stock", STOCK_NONE: "sold_out", STOCK_UNKNOWN: "unknown"}
    doors = {True: "open", False: "closed", None: "unknown"}
    for one in hits:
        shelf = _shelf(one.offer.category, query.category)
        counts["categories"].update([shelf] if shelf else [])
        counts["brands"].update([fold(one.offer.brand)] if one.offer.brand else [])
        counts["retailers"][one.record.collection[5:]] += 1
        counts["stock"][words[one.stock]] += 1
        counts["open"][doors[one.site.open_state(at_ms).open]] += 1
        if one.amount is not None and one.currency == query.currency:
            counts["prices"][_band(one.amount)] += 1
    return counts


def _shelf(category: str, wanted: str | None) -> str:
    """The folded path one step below what is wanted."""
    steps = [fold(step) for step in _path(category) if step]
    if not wanted:
        return " > ".join(steps[:1])
    asked = [fold(step) for step in _path(wanted) if step]
    end = len(asked) if steps[: len(asked)] == asked else steps.index(asked[0]) + 1
    return " > ".join(steps[: end + 1])


def _band(price: int) -> int:
    """The lower edge of the price's band: 0, or 1, 2, 5 times a power of ten from 50 on."""
    edge, steps = 50, 0
    if price < edge:
        return 0
    while True:
        following = edge * 5 // 2 if str(edge)[0] == "2" else edge * 2
        steps += 1
        if following > price or steps > 29:
            return edge
        edge = following


def naive_relevance(terms: Sequence[Term], words: Sequence[str], named: int) -> float:
    """How much of what was asked an offer answers, 0 to 1; 1 when nothing was asked.

    words: the offer's words, the first `named` of them those of its name.
    """
    if not terms:
        return 1.0
    held = answered(terms, words, named)
    found = 0.0
    # Added one by one: newer Pythons round the sum of floats in another way than `+`.
    for one in held:
        found += one.points
    places, is_begun = [one.place for one in held], ranking.is_begun_with_head(words[-1])
    kept = ranking.shape(places, words[:named], ranking.asked_of(terms), is_begun=is_begun)
    return found / ranking.total_of(terms) / ranking.length(named) * kept
