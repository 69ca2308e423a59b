"""Corrections, against all words one by one."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.errors import MalformedInput
from fedretail.index.language.catalog import Catalog
from fedretail.index.language.spelling import (
    KEPT_FROM_OFFERS,
    MOST_SIMILAR,
    Spellings,
    meant,
    renewed,
    slips,
)
from fedretail.testing.naive_words import slips_between


def catalog(texts: list[str]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE vocabulary(term, doc)")
    db.execute("CREATE TABLE spelling(length INTEGER PRIMARY KEY, followed, words, offers)")
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


def test_new_words_of_a_small_catalog_are_known_at_once() -> None:
    spellings = Spellings()
    assert spellings.similar(catalog(["milk"]), 10, ["breed"]) == []
    assert spellings.similar(catalog(["milk", "bread"]), 11, ["breed"])
    assert spellings.similar(catalog(["milk"]), 0, ["breed"]) == [], "another index"


def test_new_words_of_a_large_catalog_are_known_when_it_has_changed_much() -> None:
    spellings, db = Spellings(), catalog(["milk", "bread"])
    Catalog.of([("milk", 1)]).keep(db, 10)
    assert spellings.similar(db, 10, ["breed"]) == []
    assert spellings.similar(db, 11, ["breed"]) == []
    assert spellings.similar(db, 2_000, ["breed"])
    assert spellings.similar(catalog(["milk"]), 0, ["breed"]) == [], "another index"


words = st.text("abcé", min_size=1, max_size=8)


@given(words, st.lists(words, max_size=12), st.booleans())
def test_only_words_within_reach_are_found(typed: str, texts: list[str], lasts: bool) -> None:
    spellings, db = Spellings(), catalog(texts)
    if lasts:
        spellings.load(db, 0)
    found = spellings.similar(db, 0, [typed])
    reach = slips(typed)
    near = {word for word in texts if len(word) > 2 and slips_between(typed, word) <= reach}
    ends = {word for word in texts if word.endswith(typed) and len(typed) > 4}
    expected = near | ends if reach else set()
    assert {word for word, _ in found} <= expected
    assert len(found) == min(MOST_SIMILAR, len(expected))


@given(words, st.lists(words, max_size=40), st.integers(1, 3))
def test_all_words_within_reach_are_found_by_their_letters(
    typed: str, texts: list[str], most: int
) -> None:
    words = Catalog.of(Counter(texts).items())
    plain = sorted(words.near(typed, most))
    words.sign()
    assert sorted(words.near(typed, most)) == plain
    reached = {word for word in texts if len(word) > 2 and slips_between(typed, word) <= most}
    assert {one.word for one in plain} == reached


@given(st.lists(words, max_size=40))
def test_a_catalog_that_is_kept_is_the_same(texts: list[str]) -> None:
    db, words = catalog([]), Catalog.of(Counter(texts).items())
    words.keep(db, 7)
    kept = Catalog.kept(db)
    if not len(words):
        assert kept is None
        return
    assert kept is not None
    assert kept[0] == 7
    for typed in texts:
        assert sorted(kept[1].near(typed, 1)) == sorted(words.near(typed, 1))
        ends = sorted(words.ending(typed, len(typed) + 1))
        assert sorted(kept[1].ending(typed, len(typed) + 1)) == ends
        assert {word for word, _ in ends} == {
            one for one in texts if len(one) > max(2, len(typed)) and one.endswith(typed)
        }


def test_a_kept_catalog_is_read_until_it_is_stale() -> None:
    db = catalog(["milk"])
    Catalog.of([("bread", 3)]).keep(db, 10)
    assert Spellings().similar(db, 10, ["breed"]), "what stands in the index is not looked through"
    assert Spellings().similar(db, 1_010, ["breed"])
    assert not Spellings().similar(db, 1_011, ["breed"])
    assert not Spellings().similar(db, 9, ["breed"]), "of another index"


def test_a_large_catalog_is_kept_before_it_is_stale() -> None:
    db = catalog(["milk"])
    assert renewed(db, 0, KEPT_FROM_OFFERS - 1) is None
    first = renewed(db, 0, KEPT_FROM_OFFERS)
    assert first is not None
    first.keep(db, 0)
    assert renewed(db, 500, KEPT_FROM_OFFERS) is None
    assert renewed(db, 501, KEPT_FROM_OFFERS) is not None


@pytest.mark.parametrize("offers", [b"", b"123", bytes(8), bytes(4)])
def test_words_that_nobody_wrote_are_no_catalog(offers: bytes) -> None:
    db = catalog([])
    db.execute("INSERT INTO spelling VALUES(4, 0, 'milk', ?)", (offers,))
    with pytest.raises(MalformedInput):
        Catalog.kept(db)


@given(st.lists(st.integers(0, 99).map(str), max_size=80, unique=True), st.sets(st.integers(0, 99)))
def test_many_words_are_asked_about_at_once(ranked: list[str], numbers: set[int]) -> None:
    of_view, asked = set(map(str, numbers)), list[int]()

    def is_one_meant(some: Sequence[str]) -> bool:
        asked.append(len(some))
        return not of_view.isdisjoint(some)

    first = ranked[:50]
    assert list(meant(ranked, is_one_meant)) == [word for word in first if word in of_view]
    # Each word of the view costs two questions a halving; none of them, one question.
    found = len(of_view & set(first))
    assert len(asked) <= 1 + 2 * 6 * found
    assert list(meant(ranked, None)) == ranked
