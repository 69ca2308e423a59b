"""Relevance by judgments: names, queries, and how well each name answers a query.

Two text files beside each other: names.txt (identifier, name) and queries.txt (query | identifier:
grade ...). Lines that begin with # say something about them.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# Graded relevance as web search counts it: a perfect hit is worth seven that merely go along.
_DEPTH = 10


class Judged(NamedTuple):
    """Names by identifier, and for each query the grades of the names that answer it."""

    names: dict[str, str]
    queries: dict[str, dict[str, int]]


def read_judged(folder: Path) -> Judged:
    """The judgments in a folder; ValueError where a query names an unknown identifier."""
    names = dict(line.split(" ", 1) for line in _lines(folder / "names.txt"))
    queries = {}
    for line in _lines(folder / "queries.txt"):
        query, _, grades = line.rpartition(" | ")
        pairs = (grade.split(":") for grade in grades.split())
        queries[query] = {name: int(grade) for name, grade in pairs}
        if not queries[query].keys() <= names.keys():
            raise ValueError(f"{query}: a name that is not there")
    return Judged(names, queries)


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """How good the first ten of an answer are, 0 to 1: 1 for the best order there is."""
    best = _gain(sorted(grades.values(), reverse=True))
    return _gain([grades.get(one, 0) for one in found]) / best if best else 0.0


def _gain(grades: Sequence[int]) -> float:
    gains: float = sum(
        (2.0**grade - 1) / math.log2(i + 2) for i, grade in enumerate(grades[:_DEPTH])
    )
    return gains


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
