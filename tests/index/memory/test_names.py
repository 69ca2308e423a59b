"""Words are found where they stand in names, whatever was kept and forgotten before."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.layout.cells import BLOCK_BITS
from fedretail.index.memory import names
from fedretail.index.memory.names import Names
from fedretail.index.rules.ranking import Name, name_of

words = st.sampled_from(["a", "ab", "abc", "b", "\u00e9a", "\ud800", "1", "with"])
texts = st.lists(words, max_size=5, unique=True).map(" ".join)
ROWS = [1, 2, 63, 64, 130, 200]
deeds = st.one_of(
    st.tuples(st.just("ask"), st.lists(st.sampled_from(ROWS), min_size=1, unique=True), words),
    st.tuples(st.just("rename"), st.sampled_from(ROWS), texts),
)


def place_of(text: str, word: str, *, begun: bool) -> int:
    found = (
        place
        for place, one in enumerate(text.split(" ") if text else ())
        if (one.startswith(word) if begun else one == word)
    )
    return next(found, -1)


@pytest.mark.parametrize("most", [len(ROWS), 100])
@given(st.lists(texts, min_size=len(ROWS), max_size=len(ROWS)), st.lists(deeds, max_size=12))
def test_words_stand_where_the_names_have_them(
    most: int, first: list[str], some: list[tuple[str, Any, str]]
) -> None:
    world, kept = dict(zip(ROWS, first, strict=True)), Names()

    def read(rows: list[int]) -> Iterator[Name]:
        return (name_of(world[row], ".fr" if row % 2 else "") for row in rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "MOST_ROWS", most)
        patch.setattr(names, "_MOST_BYTES", 30)
        for deed, subject, text in some:
            if deed == "rename":
                world[subject] = text
                kept.forget(np.array([subject >> BLOCK_BITS]))
                continue
            told = kept.of(np.array(subject, np.int64), read)
            wanted = [*read(subject)]
            assert told.named.tolist() == [len(one.words.split()) for one in wanted]
            assert told.head.tolist() == [one.head for one in wanted]
            assert told.behind.tolist() == [one.behind for one in wanted]
            assert told.is_begun.tolist() == [one.is_begun for one in wanted]
            for begun in (False, True):
                places = told.places(f" {text}" if begun else f" {text} ")
                assert places.tolist() == [place_of(one.words, text, begun=begun) for one in wanted]


def test_a_name_is_read_once_and_again_when_its_block_changes() -> None:
    kept, reads = Names(), list[list[int]]()

    def read(rows: list[int]) -> list[Name]:
        reads.append(rows)
        return [name_of("milk", "")] * len(rows)

    for _ in range(2):
        kept.of(np.array([1, 64, 65]), read)
    kept.forget(np.array([7]))
    kept.of(np.array([65, 1]), read)
    assert reads == [[1, 64, 65]]
    kept.forget(np.array([1]))
    kept.of(np.array([1, 64, 2]), read)
    assert reads == [[1, 64, 65], [64, 2]]
