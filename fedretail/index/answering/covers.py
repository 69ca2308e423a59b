"""How much of what was asked many rows hold, all of them at once; see Words.covers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fedretail.index.answering.candidates import Cover, is_one_left
from fedretail.index.memory.arrays import are_among, distinct
from fedretail.index.rules.ranking import Form, Term


def covers_of_many(
    terms: Sequence[Term],
    read: Mapping[tuple[Form, ...], Any],
    known: Mapping[tuple[Form, ...], Any],
    is_held: Callable[[Term], bool],
    *,
    full: Sequence[int] | None = None,
) -> Cover:
    """The rows that hold a term that was read; how much of the weight of all each may hold.

    read: the rows of some terms by their forms; known: those of terms that are no answer alone.
    Rows of other terms that are held at all may be any, but for one alone: it is held by those
    that hold all (`full`). Added term by term in their order, as relevance is.
    """
    rows_of = {forms: np.asarray(rows.rows, np.int64) for forms, rows in read.items()}
    rows = distinct(np.concatenate(list(rows_of.values())))
    parts: list[tuple[Term, Any]] = []
    places_of = {forms: np.searchsorted(rows, its) for forms, its in rows_of.items()}
    shares, total = np.zeros(len(rows)), 0.0
    may = np.ones(len(rows), bool)
    if full is not None and is_one_left(terms, read):
        held = np.zeros(len(rows), np.int32)
        for places in places_of.values():
            held[places] += 1
        may = (held < len(rows_of)) | are_among(rows, np.asarray(full, np.int64))
    for term in terms:
        total += term.weight
        most = max(term.weight * form.worth for form in term.forms)
        some = may
        if term.forms in places_of:
            some = np.zeros(len(rows), bool)
            some[places_of[term.forms]] = True
        elif term.forms in known:
            some = are_among(rows, np.asarray(known[term.forms].rows, np.int64))
        elif not is_held(term):
            continue
        shares[some] += most
        parts.append((term, some))
    return Cover(rows, shares / total, parts)  # type: ignore[arg-type]
