"""What names tell of many rows at once is never less than they are worth, and mostly just that."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.index.answering import named
from fedretail.index.answering.asked import AskedWords
from fedretail.index.answering.named import most_relevant_of
from fedretail.index.memory.arrays import Array
from fedretail.index.memory.names import Names
from fedretail.index.rules.ranking import Form, Term, name_of
from fedretail.testing.naive_search import naive_relevance

TOKENS = ["oat", "milk", "milks", "bar", "barista", "2", "with", "white", "x"]
words = st.sampled_from(TOKENS)
forms = st.builds(Form, words, st.sampled_from([1.0, 0.97, 0.6]), st.booleans())
terms = st.builds(
    lambda forms, weight, is_head: Term(forms[0].token, forms, weight, is_head=is_head),
    st.lists(forms, min_size=1, max_size=3, unique_by=lambda form: form.token).map(tuple),
    st.sampled_from([0.1, 1.0, 3.7, 5.3]),
    st.booleans(),
)
offers = st.tuples(
    st.lists(words, min_size=1, max_size=8, unique=True), st.integers(0, 8), st.booleans()
)


def answers(form: Form, word: str) -> bool:
    return word.startswith(form.token) if form.begun else word == form.token


def whole(word: str) -> Term:
    return Term(word, (Form(word),))


PAIR = [whole("oat"), whole("milk")]


@example([(["oat", "x", "bar", "milk"], 4, False)], PAIR)
@example([(["oat", "x", "milk"], 3, False)], PAIR)
@example([(["milk", "oat", "with", "x"], 4, False)], PAIR)
@example([(["milk", "x", "bar"], 3, True), (["milk", "x", "bar"], 3, False)], PAIR)
@example([(["x", "milk", "milks"], 3, False)], PAIR)
@example([(["x", "oat"], 1, False)], PAIR)
@pytest.mark.parametrize("many", [0, 100], ids=["forms looked up", "forms unknown"])
@given(
    st.lists(offers, min_size=1, max_size=8),
    st.lists(terms, min_size=1, max_size=4, unique_by=lambda term: term.forms),
)
def test_no_row_is_more_relevant_than_its_name_says(
    many: int, rows: list[tuple[list[str], int, bool]], asked: list[Term]
) -> None:
    marks = [".fr" if is_begun else "" for _, _, is_begun in rows]
    texts = [
        [*some, mark] if mark else some for (some, _, _), mark in zip(rows, marks, strict=True)
    ]
    counts = [min(count, len(some)) for some, count, _ in rows]
    told = Names().of(
        np.arange(len(rows)),
        lambda some: (name_of(" ".join(rows[n][0][: counts[n]]), marks[n]) for n in some),
    )

    def holds(form: Form, some: Array) -> Array:
        found = (any(answers(form, word) for word in texts[row]) for row in some.tolist())
        return np.fromiter(found, bool, len(some))

    parts = [
        (term, np.logical_or.reduce([holds(form, told.rows) for form in term.forms]))
        for term in asked
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(named, "_MANY_ROWS", many)
        found = most_relevant_of(told, AskedWords.of(asked), parts, holds)
        wide = most_relevant_of(told, AskedWords.of(asked), [(term, None) for term in asked], holds)
        unheard = most_relevant_of(told, AskedWords.of(asked), (), holds)
    assert unheard.tolist() == wide.tolist()
    for number, most in enumerate(found.tolist()):
        some, count = texts[number], counts[number]
        true = naive_relevance(asked, some, count)
        assert wide[number] >= most >= true
        # All that is asked for stands in the name, or nowhere.
        beside = some[count:]
        if not any(answers(form, word) for term in asked for form in term.forms for word in beside):
            assert most == true
