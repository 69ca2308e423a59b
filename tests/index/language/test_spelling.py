"""Corrections, against all words one by one."""

import sqlite3
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language.spelling import MOST_SIMILAR, Spellings, slips


def catalog(texts: list[str]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE vocabulary(term, doc)")
    counts = Counter(word for text in texts for word in set(text.split()))
    db.executemany("INSERT INTO vocabulary VALUES(?, ?)", counts.items())
    return db


SHELF = ["refriger white", "refriger black", "vaniti", "vaniti lamp", "ceil fan", "milk", "pipe"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("refridger", "refriger"),
        ("vanaiti", "vaniti"),
        ("vainti", "vaniti"),  # two letters changed places: one slip
        ("miilk", "milk"),
        ("cilk", "milk"),
        ("pipo", "pipe"),
        ("friger", "refriger"),  # how others end
    ],
)
def test_a_slip_is_mended(typed: str, meant: str) -> None:
    found = Spellings().similar(catalog(SHELF), 0, [typed])
    assert found[0][0] == meant
    assert 0 < found[0][1] < 1


@pytest.mark.parametrize("typed", ["xyzzyx", "mil", "b12x", "mo1k"])
def test_what_resembles_nothing_is_left(typed: str) -> None:
    assert Spellings().similar(catalog(SHELF), 0, [typed]) == []


def test_of_equally_near_words_the_commoner_is_meant() -> None:
    found = Spellings().similar(catalog(["lamp"] * 9 + ["lame"]), 0, ["lamx"])
    assert [word for word, _ in found] == ["lamp", "lame"]
    assert found[0][1] > found[1][1]


def test_new_words_are_known_when_the_catalog_has_changed_much() -> None:
    spellings = Spellings()
    assert spellings.similar(catalog(["milk"]), 10, ["breed"]) == []
    db = catalog(["milk", "bread"])
    assert spellings.similar(db, 11, ["breed"]) == []
    assert spellings.similar(db, 2_000, ["breed"])
    assert spellings.similar(catalog(["milk"]), 0, ["breed"]) == [], "another index"


def distance(one: str, two: str) -> int:
    """Restricted edit distance, by the table."""
    rows = [list(range(len(two) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(two, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


words = st.text("abc", min_size=1, max_size=8)


@given(words, st.lists(words, max_size=12))
def test_only_words_within_reach_are_found(typed: str, texts: list[str]) -> None:
    found = Spellings().similar(catalog(texts), 0, [typed])
    reach = slips(typed)
    near = {word for word in texts if len(word) > 2 and distance(typed, word) <= reach}
    ends = {word for word in texts if word.endswith(typed) and len(typed) > 4}
    expected = near | ends if reach else set()
    assert {word for word, _ in found} <= expected
    assert len(found) == min(MOST_SIMILAR, len(expected))
