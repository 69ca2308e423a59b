"""Tables of what is made once: the same values as made anew, and never more than there is room."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language.kept import Kept

MOST = 4
asked = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=60)


@given(asked)
def test_values_are_those_made_anew_and_few_are_kept(asked: list[tuple[str, int]]) -> None:
    kept: Kept[int, tuple[str, int]] = Kept(lambda number, name: (name, number), MOST)
    for name, number in asked:
        assert kept.table(name)[number] == (name, number)
        assert sum(len(kept.table(one)) for one in "ab") <= MOST


@given(asked)
def test_what_was_asked_for_lately_is_not_made_again(asked: list[tuple[str, int]]) -> None:
    made: list[tuple[str, int]] = []

    def make(number: int, name: str) -> tuple[str, int]:
        made.append((name, number))
        return name, number

    kept = Kept(make, MOST)
    different: list[tuple[str, int]] = []
    for name, number in asked:
        before = len(made)
        assert kept.table(name)[number] == (name, number)
        if (name, number) in different[-MOST:]:
            assert len(made) == before
        if (name, number) in different:
            different.remove((name, number))
        different.append((name, number))


def test_many_keys_are_asked_for_at_once() -> None:
    kept: Kept[int, str] = Kept(lambda number, name: name * number, MOST)
    assert list(map(kept.table("a").__getitem__, [2, 1, 2])) == ["aa", "a", "aa"]
