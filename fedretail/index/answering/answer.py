"""The answer to one query in one snapshot of the index: find, judge, sort, read what is shown."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fedretail.domain.catalog import Offer
from fedretail.domain.listings import Listing
from fedretail.index.answering import finding
from fedretail.index.answering.candidates import Words, plan
from fedretail.index.answering.cursors import Cursor
from fedretail.index.answering.finding import Finder, Found
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.paging import (
    MOST_LISTED,
    Sheet,
    first_sheet,
    near_sheet,
    ranked_sheet,
    sheet,
)
from fedretail.index.answering.reasons import reasons_of
from fedretail.index.answering.rough import Hit
from fedretail.index.answering.terms import query_terms
from fedretail.index.answering.ties import apart
from fedretail.index.answering.viewed import Shows, ViewedVocabulary
from fedretail.index.language.amounts import gtin_word
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.vocabulary import IndexVocabulary, Vocabulary
from fedretail.index.layout.schema import SEQUENCE_BITS, State
from fedretail.index.memory.memory import Lists, Memory
from fedretail.index.query import Group, barcode_in
from fedretail.index.rules.facets import Facets
from fedretail.index.rules.instead import Instead, instead_of
from fedretail.index.rules.ranking import Term
from fedretail.index.rules.shown import AtSite, listing


@dataclass(frozen=True, slots=True)
class Answer:
    """What Page has of the same names; the feed's cursor that the answer stands for."""

    listings: list[Listing]
    total: int
    full: int
    followed: int
    next: str | None = None
    facets: Facets | None = None
    groups: list[Group] = field(default_factory=list)
    products: int | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    instead: list[Instead] = field(default_factory=list)


def answer(
    db: sqlite3.Connection,
    state: State,
    judge: Judge,
    *,
    memory: Memory,
    spellings: Spellings,
    cursor: Cursor | None,
    shows: Shows | None = None,
) -> Answer:
    """The answer to the judge's query from the open transaction.

    shows: what the query's view shows; None where it hides nothing.
    """
    query = judge.query
    known = memory.known_words(state)
    vocabulary = IndexVocabulary(db, spellings, generation=state.followed, known=known)
    asked = Finder(db, state, memory, judge, cursor)
    words = _words(asked, vocabulary)
    terms = _weighed(words, asked)
    found, full, page = _found(asked, words, terms, cursor=cursor)
    # Words that all stand in an offer which is shown are words of the view.
    if shows is not None and (not full or any(term.is_guessed for term in terms)):
        viewed = _words(asked, ViewedVocabulary(vocabulary, shows))
        if viewed.words != words.words:
            words, terms = viewed, _weighed(viewed, asked)
            found, full, page = _found(asked, words, terms, cursor=cursor)
    firsts = [group[0] for group in page.groups]
    groups = _groups(page, judge) if query.group else []
    listings = [group.listings[0] for group in groups] or [_listing(hit, judge) for hit in firsts]
    return Answer(
        listings,
        found.total,
        full,
        state.followed,
        page.next,
        asked.facets(found) if query.facets else None,
        groups,
        page.products,
        [_reasons(hit, judge, terms) for hit in firsts] if query.explain else [],
        instead_of(terms, listings, spellings.languages_at(state.followed) or ()),
    )


def _reasons(hit: Hit, judge: Judge, terms: list[Term]) -> dict[str, Any]:
    detail = judge.details.read(hit.row)
    age_ms = judge.age_ms(hit.row)
    return reasons_of(hit, detail.fields, terms, sort=judge.query.sort, age_ms=age_ms)


def _weighed(words: Words, asked: Finder) -> list[Term]:
    """The terms with their weights, by which the judge tells from now on how relevant hits are."""
    state, judge = asked.state, asked.judge
    is_best = judge.query.sort == "best"
    terms = words.terms(state.offers, weighed=is_best and len(words.words) > 1)
    judge.weigh(terms)
    if judge.words.terms:
        judge.known_relevant = asked.memory.known_relevant(state, tuple(terms))
    return terms


def _words(asked: Finder, vocabulary: Vocabulary) -> Words:
    query = asked.judge.query
    return Words(
        Lists(asked.db, asked.state, asked.memory),
        query_terms(
            barcode_in(query.words) or query.words,
            vocabulary,
            begun=query.begun,
            as_typed=query.as_typed,
        ),
        must=None if query.gtin is None else gtin_word(query.gtin),
    )


def _found(
    asked: "Finder", words: Words, terms: list[Term], *, cursor: Cursor | None
) -> tuple[Found, int, Sheet]:
    """(what answers, how many with every word, the page)."""
    judge, query = asked.judge, asked.judge.query
    spans = plan(words, asked.spans)
    is_nothing = bool(query.words.strip()) and not words.words
    rows: Sequence[int] | None = [] if is_nothing else None
    if words.asks and not is_nothing:
        rows = words.rows(spans)
    found = asked.judged(rows, spans)
    full = found.total
    whole: Sequence[int] | None = None
    few = finding.FEW_BEST_MATCHES if query.sort == "best" else finding.FEW_FULL_MATCHES
    if full < few and len(words.words) > 1:
        whole = found.numbers()
        found = _found_partly(asked, words, terms, whole, few=few) or found
    if found.rings is not None:
        return found, full, near_sheet(found.rings, judge, cursor=cursor)
    if found.ranked is not None:
        return found, full, ranked_sheet(found.ranked, judge, cursor=cursor)
    if judge.is_plain:
        roughs = apart(found.roughs, judge.details, lambda base: judge.reach(base).entry.id)
        return found, full, first_sheet(roughs, found.total, judge, cursor=cursor)
    known = None if whole is None else set(map(int, whole))
    every = [hit for hit in found.hits if known is None or hit.row in known]
    partial = [hit for hit in found.hits if known is not None and hit.row not in known]
    return found, full, sheet(every, partial, judge, cursor=cursor)


def _found_partly(
    asked: "Finder", words: Words, terms: list[Term], whole: Sequence[int], *, few: int
) -> Found | None:
    """What holds some of the words, those that hold all (`whole`) included; None: nobody holds any.

    few: so many are enough.
    """
    # Rows that hold a common word are many where only the rare one is so.
    found, wide = None, asked.spans()
    for some in words.some(asked.state.offers):
        # Nobody moves what the lists say stands where, until it is judged.
        with asked.held():
            cover = words.covers(terms, some, wide, whole)
            found = asked.judged(cover.rows, wide, cover, whole)
        if found.total >= few:
            break
    return found


def _groups(page: Sheet, judge: Judge) -> list[Group]:
    groups = []
    for hits, total in zip(page.groups, page.totals, strict=True):
        listed = tuple(_listing(hit, judge) for hit in hits[:MOST_LISTED])
        groups.append(Group(listed[0].gtin, listed[0].name, listed, total))
    return groups


def _listing(hit: Hit, judge: Judge) -> Listing:
    base, query = hit.row >> SEQUENCE_BITS, judge.query
    entry, where, seen_at_ms = judge.reach(base)
    detail = judge.details.read(hit.row)
    offer = Offer.from_fields(detail.fields)
    at_site = AtSite(
        site_id=entry.id,
        site=entry.told,
        key=detail.key,
        seen_at_ms=seen_at_ms,
        age=judge.age(hit.row, entry, offer),
        warnings=judge.warnings(base),
        state=where.state or judge.state(base),
        is_own=query.owner is not None and query.owner == entry.owner,
        away_m=where.distance_m,
    )
    return listing(
        offer, at_site, at_ms=judge.at_ms, near=query.near, score=hit.score, member=query.member
    )
