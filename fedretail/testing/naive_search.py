"""A search that looks at every record, with nothing made fast; the index is held against it.

It shares with the real one how words are cut, how one offer is scored, and what fields mean.
"""

from collections.abc import Sequence
from typing import Any

from fedretail.crdt.names import site_id
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import distance_m
from fedretail.domain.kind import RecordId
from fedretail.domain.prices import price_now
from fedretail.domain.sites import Site
from fedretail.domain.stock import may_have
from fedretail.index.judge import UNHEARD_MS, category_matches
from fedretail.index.query import Query
from fedretail.index.ranking import BESIDE_NAME, WORD_COST, Term, rarity, score
from fedretail.index.text import gtin_word, query_words, text_words
from fedretail.testing.memory_records import MemoryRecords


def naive_search(
    store: MemoryRecords, query: Query, *, now_ms: int, few: int
) -> tuple[list[str], int]:
    """(all matching offer ids in order, how many of them hold every word).

    few: where fewer hold every word, those that hold some are listed behind them.
    """
    asked = query_words(query.words)
    if query.words.strip() and not asked:
        return [], 0
    offers = [
        (record, Offer.from_fields(folded.fields), folded)
        for record, folded in store.present.items()
        if record.kind == "offer"
    ]
    named = [offer for _, offer, _ in offers if offer.name]
    last = len(asked) - 1
    counts = [sum(_holds(_offer_words(offer)[0], word, False) for offer in named) for word in asked]
    terms = [
        Term(word, rarity(0, 0) if begun else rarity(len(named), count) if last else 1.0, begun)
        for number, (word, count) in enumerate(zip(asked, counts, strict=True))
        for begun in [query.begun and number == last]
    ]
    at_ms = now_ms if query.at_ms is None else query.at_ms
    found = []
    for record, offer, _ in offers:
        order = _judged(store, query, record, offer, at_ms=at_ms, now_ms=now_ms, terms=terms)
        if order is not None:
            words, _ = _offer_words(offer)
            hits = [_holds(words, term.word, term.begun) for term in terms]
            if all(hits) or any(hits):
                found.append((not all(hits), order))
    full = sum(not partial for partial, _ in found)
    if full >= few or len(asked) < 2:
        found = [one for one in found if not one[0]]
    return [order[-1] for _, order in sorted(found)], full


def _judged(
    store: MemoryRecords,
    query: Query,
    record: RecordId,
    offer: Offer,
    *,
    at_ms: int,
    now_ms: int,
    terms: list[Term],
) -> tuple[Any, ...] | None:
    name = record.collection.removeprefix("site/")
    folded = store.present.get(record._replace(kind="site", key=name))
    site = Site.from_fields(folded.fields) if folded else Site()
    heard = store.heard.get((record.owner, record.collection))
    if folded is None or site.position is None or site_id(record.owner, site.nonce) != name:
        return None
    if heard is None or now_ms - heard > UNHEARD_MS or not offer.shown(at_ms):
        return None
    away = distance_m(query.near, site.position) if query.near else 0.0
    if query.within_m is not None and away > query.within_m:
        return None
    if query.open_now and site.open_state(at_ms).open is not True:
        return None
    stock = 2 if may_have(offer.stock) else 1 if offer.stock.level == "none" else 0
    if query.in_stock and stock == 1:
        return None
    if query.category and not (offer.category and category_matches(offer.category, query.category)):
        return None
    currency = offer.currency or site.currency
    valid = price_now(offer.prices, at_ms) if currency else None
    price = None if valid is None else valid.amount_minor
    if query.max_price_minor is not None and (
        price is None or currency != query.currency or price > query.max_price_minor
    ):
        return None
    unsure = query.in_stock and stock == 0
    shown = f"{name}/{record.key}"
    if query.sort == "nearest":
        return unsure, away, shown
    if query.sort == "cheapest":
        cheap = (price is None, currency != query.currency, currency or "", price or 0)
        return (unsure, *cheap, away, shown)
    words, count = _offer_words(offer)
    points = score(naive_relevance(terms, words, count), away if query.near else None, stock)
    return unsure, -points, shown


def _offer_words(offer: Offer) -> tuple[list[str], int]:
    named = list(dict.fromkeys(text_words(offer.name)))
    rest = [*text_words(offer.brand), *text_words(offer.category), *text_words(offer.sku)]
    rest += [gtin_word(offer.gtin)] if offer.gtin else []
    return list(dict.fromkeys(named + rest)), len(named)


def _holds(words: list[str], word: str, begun: bool) -> bool:
    return any(one.startswith(word) if begun else one == word for one in words)


def naive_relevance(terms: Sequence[Term], words: Sequence[str], named: int) -> float:
    """How much of what was asked an offer answers, 0 to 1; 1 when nothing was asked.

    words: the offer's words, the first `named` of them those of its name.
    """
    if not terms:
        return 1.0
    found = 0.0
    # Added one by one: newer Pythons round the sum of floats in another way than `+`.
    for term in terms:
        found += term.weight * _where(term, words, named)
    return found / sum(term.weight for term in terms) / (1 + WORD_COST * named)


def _where(term: Term, words: Sequence[str], named: int) -> float:
    if term.begun:
        places = (i for i, word in enumerate(words) if word.startswith(term.word))
        place = next(places, None)
    else:
        place = words.index(term.word) if term.word in words else None
    if place is None:
        return 0.0
    return 1.0 if place < named else BESIDE_NAME
