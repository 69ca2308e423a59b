"""Texts behind the numbers of cells, and what is kept of them."""

from fedretail.index.memory import tables
from fedretail.index.memory.tables import Texts


def test_filters_and_parts_are_kept_under_the_same_names() -> None:
    texts = Texts(["", "Dairy", "dairy > Milk"])
    for _ in range(2):
        parts = texts.parts("dairy", lambda text: text.partition(" ")[0])
        assert parts.texts == ["", "Dairy", "dairy"]
        assert parts.alike.tolist() == [-1, 0, 0]
        assert texts.chosen("dairy", lambda text: text == "Dairy").tolist() == [False, True, False]


def test_of_many_names_few_are_kept() -> None:
    """Whoever asks gives the names."""
    texts = Texts([""])
    for number in range(3 * tables._MOST_KEPT):
        texts.parts(number, str)
        texts.chosen(number, bool)
        assert max(len(texts._parts), len(texts._chosen)) <= tables._MOST_KEPT
