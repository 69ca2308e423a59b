"""Why a hit stands where it does: what its score is made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from fedretail.domain.kind import Value
from fedretail.index.answering.rough import Hit
from fedretail.index.layout.rows import offer_words
from fedretail.index.rules.ranking import (
    Relevance,
    Term,
    answered,
    freshness,
    nearness,
    presence,
    score,
)


def reasons_of(
    hit: Hit,
    fields: Mapping[str, Value],
    terms: Sequence[Term],
    *,
    sort: str,
    age_ms: int | None,
) -> dict[str, Any]:
    """The object of `search --explain --json` for one hit.

    words: each word asked for, its weight, where it stands (name, beside it, null: nowhere), and
    the form of it that stands there. The score is relevance x nearness x stock x
    freshness. age_ms: of the price, None unknown.
    """
    named, text = offer_words(fields)
    words = text.split(" ")
    away_m, stock = hit.goods.where.distance_m, hit.goods.stock
    relevant = Relevance(terms).of(text, named)
    return {
        "sort": sort,
        "score": round(score(relevant, away_m, stock, age_ms=age_ms), 6),
        "relevance": round(relevant, 6),
        "nearness": round(nearness(away_m), 6),
        "stock": round(presence(stock), 6),
        "freshness": round(freshness(age_ms), 6),
        "words": [
            {
                "word": one.text,
                "weight": round(one.weight, 6),
                "where": None if one.where == "no" else one.where,
                "form": one.token or None,
            }
            for one in answered(terms, words, named)
        ],
    }
