"""How much of what was asked many rows hold, all of them at once; see Words.covers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fedretail.index.answering.candidates import Cover
from fedretail.index.memory.arrays import distinct
from fedretail.index.rules.ranking import Form, Term


def covers_of_many(
    terms: Sequence[Term],
    read: Mapping[tuple[Form, ...], Any],
    known: Mapping[tuple[Form, ...], Any],
    is_held: Callable[[Term], bool],
) -> Cover:
    """The rows that hold a term that was read; how much of the weight of all each may hold.

    read: the rows of some terms by their forms; known: those of terms that are no answer alone.
    Rows of other terms that are held at all may be any. Added term by term in their order, as
    relevance is.
    """
    rows_of = {forms: np.asarray(rows.rows, np.int64) for forms, rows in read.items()}
    rows = distinct(np.concatenate(list(rows_of.values())))
    shares, total = np.zeros(len(rows)), 0.0
    for term in terms:
        total += term.weight
        most = max(term.weight * form.worth for form in term.forms)
        if term.forms in rows_of:
            shares[np.searchsorted(rows, rows_of[term.forms])] += most
        elif term.forms in known:
            its = np.asarray(known[term.forms].rows, np.int64)
            places = np.searchsorted(rows, its)
            places, its = places[places < len(rows)], its[places < len(rows)]
            shares[places[rows[places] == its]] += most
        elif is_held(term):
            shares += most
    return Cover(rows, shares / total)  # type: ignore[arg-type]
