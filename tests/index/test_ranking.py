"""What makes one answer better than another."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.judge import category_matches
from fedretail.index.ranking import Relevance, Term, rarity, score
from fedretail.index.schema import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.testing.naive_search import naive_relevance


def test_rare_words_weigh_more() -> None:
    assert rarity(1_000, 1) > rarity(1_000, 100) > rarity(1_000, 1_000) > 0


def test_a_name_says_more_than_what_stands_beside_it() -> None:
    milk = Relevance([Term("milk")])
    assert milk.of("milk dairy", 1) > milk.of("cream milk", 1) > 0
    assert milk.of("milk", 1) > milk.of("milk bar nuts", 3)
    assert milk.of("cream", 1) == 0


def test_a_beginning_counts_as_its_word() -> None:
    begun, whole = Relevance([Term("milk", begun=True)]), Relevance([Term("milkshake")])
    assert begun.of("milkshake", 1) == whole.of("milkshake", 1) > 0
    assert Relevance([Term("milk")]).of("milkshake", 1) == 0


short = st.text("ab.", min_size=1, max_size=3)


@given(
    st.lists(st.builds(Term, short, st.floats(0.1, 9), st.booleans()), max_size=4),
    st.lists(short, min_size=1, max_size=6, unique=True),
    st.integers(0, 6),
)
def test_the_fast_relevance_is_the_same(terms: list[Term], words: list[str], named: int) -> None:
    assert Relevance(terms).of(" ".join(words), named) == naive_relevance(terms, words, named)


def test_near_and_there_is_better() -> None:
    assert score(1.0, 0.0, STOCK_LIKELY) > score(1.0, 5_000.0, STOCK_LIKELY)
    assert score(1.0, None, STOCK_LIKELY) == 1.0
    likely, unknown, none = (score(1.0, 9.0, s) for s in (STOCK_LIKELY, STOCK_UNKNOWN, STOCK_NONE))
    assert likely > unknown > none > 0


def test_a_category_is_asked_for_by_its_path_or_a_step_of_it() -> None:
    for wanted in ("food > dairy", "Dairy", "FOOD", "food/dairy/milk"):
        assert category_matches("Food > Dairy > Milk", wanted)
    for wanted in ("dairy > milk", "dai", "food > milk"):
        assert not category_matches("Food > Dairy > Milk", wanted)
