"""What makes one answer better than another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.rules.categories import category_matches
from fedretail.index.rules.ranking import (
    WORD_COST,
    Form,
    Relevance,
    Term,
    answered,
    heads_of,
    is_begun_with_head,
    length,
    rarity,
    score,
    telling,
)
from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.testing.naive_search import naive_relevance


def test_rare_words_weigh_more() -> None:
    assert rarity(1_000, 1) > rarity(1_000, 100) > rarity(1_000, 1_000) > 0


def term(*forms: str | Form, weight: float = 1.0) -> Term:
    built = tuple(Form(form) if isinstance(form, str) else form for form in forms)
    return Term(built[0].token, built, weight)


def test_a_name_says_more_than_what_stands_beside_it() -> None:
    terms = [term("milk")]
    assert (
        naive_relevance(terms, ["milk", "dairy"], 1)
        > naive_relevance(terms, ["cream", "milk"], 1)
        > 0
    )
    assert naive_relevance(terms, ["milk"], 1) > naive_relevance(terms, ["milk", "bar", "nuts"], 3)
    assert naive_relevance(terms, ["cream"], 1) == 0


def test_a_beginning_counts_as_its_word() -> None:
    words = ["milkshake"]
    begun = naive_relevance([term(Form("milk", begun=True))], words, 1)
    assert begun == naive_relevance([term("milkshake")], words, 1)
    assert naive_relevance([term("milk")], words, 1) == 0


def test_the_best_form_of_a_term_counts_once() -> None:
    either = term("milk", Form("melk", 0.5))
    assert naive_relevance([either], ["melk", "milk"], 2) == naive_relevance(
        [term("milk")], ["milk", "x"], 2
    )
    half = naive_relevance([either], ["melk"], 1)
    assert half == naive_relevance([term("milk")], ["milk"], 1) / 2
    assert half > naive_relevance([term("milk")], ["cream", "milk"], 1) > 0.7 * half, (
        "beside the name"
    )


def test_words_asked_for_side_by_side_are_better_so() -> None:
    terms = [term("shower"), term("head")]
    beside = naive_relevance(terms, ["rain", "shower", "head"], 3)
    assert beside > naive_relevance(terms, ["shower", "x", "y", "head"], 4) * 1.05
    assert beside == 1 / (1 + 3 * WORD_COST), "nothing is lost"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("toilet in white", "toilet"),
        ("9v batteri battery 4x 4", "batteri battery"),
        ("bio milchriegeln milchriegel riegel", "milchriegeln milchriegel riegel"),
        ("rug tan", "rug"),
        ("deadbolt satin nickel 2x", "deadbolt"),
        ("ceil fan remot control", "remot"),
        ("white", "white"),
        ("ashford 1.28 gpf round toilet seat in white", "seat"),
        ("ceiling fan with light kit", "fan"),
        ("led light bulb 4x 4", "bulb"),
        ("milch", "milch"),
        ("in stock", "stock"),
        ("4x4", "4x4"),
    ],
)
def test_a_name_says_what_it_is_before_what_goes_with_it(name: str, head: str) -> None:
    words = name.split()
    heads = heads_of(words)
    assert " ".join(words[heads.start : heads.stop]) == head


def test_the_thing_itself_comes_before_what_belongs_to_it() -> None:
    seat, toilet = ["round", "toilet", "seat"], ["round", "front", "toilet"]
    assert naive_relevance([term("toilet")], toilet, 3) > naive_relevance([term("toilet")], seat, 3)


def test_what_is_asked_for_is_said_last() -> None:
    saw, drill = ["dewlan", "miter", "saw"], ["dewlan", "saw", "blade"]
    terms = [term("dewlan"), term("saw")]
    assert naive_relevance(terms, saw, 3) > naive_relevance(terms, drill, 3), "a brand is no head"
    assert naive_relevance([*terms, term("10")], saw, 3) > naive_relevance(
        [*terms, term("10")], drill, 3
    ), "nor is an amount"
    bronze = naive_relevance([term("fan"), term("bronze")], ["fan", "in", "bronze"], 3)
    assert bronze == 1 / (1 + 3 * WORD_COST), "nor is a colour"
    seat, toilet = ["toilet", "x", "seat"], ["seat", "x", "toilet"]
    asked = [term("toilet"), term("seat")]
    assert naive_relevance(asked, ["x", *seat], 4) > naive_relevance(asked, ["x", *toilet], 4)
    fan, remote = ["ceil", "fan", "x", "remot"], ["fan", "x", "ceil", "remot"]
    terms = [term("ceil"), term("fan")._replace(is_head=True), term("remot")]
    assert naive_relevance(terms, [*fan[:2], "with", "remot"], 4) == 1 / (1 + 4 * WORD_COST), (
        "what goes with it stands apart"
    )
    assert naive_relevance(terms, fan, 4) < naive_relevance(terms, remote, 4)
    plural = [term(Form("batteri", 0.97))]
    assert naive_relevance(plural, ["v", "batteri", "battery"], 3) == 0.97 / (1 + 3 * WORD_COST)


@pytest.mark.parametrize(("mark", "is_begun"), [(".fr", True), (".de", False), ("x", False)])
def test_some_languages_say_first_what_a_thing_is(mark: str, is_begun: bool) -> None:
    assert is_begun_with_head(mark) is is_begun
    terms = [term("chocolat"), term("noir")]
    names = (["chocolat", "noir", "x", mark], ["x", "noir", "chocolat", mark])
    begun, ended = (naive_relevance(terms, name, 3) for name in names)
    assert (begun > ended) is is_begun


def test_an_explanation_says_which_word_stood_where() -> None:
    terms = [term("oat", weight=3.0), term(Form("bar", begun=True)), term("dair"), term("soy")]
    found = answered(terms, ["barista", "oat", "dair"], 2)
    assert [(one.token, one.where, one.points) for one in found] == [
        ("oat", "name", 3.0),
        ("barista", "name", 1.0),
        ("dair", "beside", 0.5),
        ("", "no", 0.0),
    ]


short = st.text("ab.", min_size=1, max_size=3)
forms = st.builds(Form, short, st.sampled_from([1.0, 0.6]), st.booleans())
some_terms = st.builds(
    Term, short, st.lists(forms, min_size=1, max_size=3).map(tuple), st.floats(0.1, 9)
)


@given(
    st.lists(some_terms, max_size=4),
    st.lists(short, min_size=1, max_size=6, unique=True),
    st.integers(0, 6),
)
def test_the_fast_relevance_is_the_same(terms: list[Term], words: list[str], named: int) -> None:
    for mark in (), (".fr",), (".de",):
        held = [*words, *mark]
        expected = naive_relevance(terms, held, named)
        assert Relevance(terms).of(" ".join(held), named) == expected
        # The words beside a name are only looked at where they may count.
        if named <= len(words):
            name = (" ".join(words[:named]), "".join(mark))
            assert Relevance(terms).of_name(*name) in (expected, None)
            answers = answered(terms, held, named)
            lacks = [number for number, one in enumerate(answers) if one.where == "no"]
            assert Relevance(terms).of_name(*name, lacks) in (expected, None)


def test_each_word_of_a_name_costs_a_little_and_those_of_a_long_one_less() -> None:
    costs = [length(named + 1) - length(named) for named in range(300)]
    assert all(cost == pytest.approx(WORD_COST) for cost in costs[:10])
    assert all(0 < cost < WORD_COST / 2 for cost in costs[10:])


def test_telling_terms_carry_half_of_the_weight() -> None:
    oat, milk, white = (
        Term(text, (Form(text),), weight)
        for text, weight in (("oat", 6.0), ("milk", 3.0), ("white", 2.0))
    )
    assert telling([white, milk, oat]) == [oat]
    assert telling([milk, milk._replace(text="x"), white]) == [milk, milk._replace(text="x")]
    assert telling([]) == []


@given(st.lists(some_terms, max_size=6))
def test_who_holds_no_telling_term_answers_less_than_half(terms: list[Term]) -> None:
    chosen = telling(terms)
    rest = sum(term.weight for term in terms if term not in chosen)
    assert not terms or rest < sum(term.weight for term in terms) / 2 + 1e-9


def test_fresh_prices_are_better() -> None:
    now, year = score(1.0, None, STOCK_LIKELY, age_ms=0), score(1.0, None, 2, age_ms=31_536_000_000)
    month = score(1.0, None, STOCK_LIKELY, age_ms=30 * 86_400_000)
    half = score(1.0, None, STOCK_LIKELY, age_ms=200 * 86_400_000)
    assert now == month == 1.0 > half > year == 0.8
    assert score(1.0, None, STOCK_LIKELY, age_ms=None) == 1.0


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


def test_a_name_with_all_words_needs_nothing_beside_it() -> None:
    terms = [Term("oat", (Form("oat"),)), Term("milk", (Form("milk"), Form("milch", 0.9)))]
    assert Relevance(terms).of_name("oat milk", "") == Relevance(terms).of("oat milk brand", 2)
    assert Relevance(terms).of_name("oat drink", "") is None, "its brand may be Milk"
    assert Relevance(terms).of_name("oat drink", "", [1]) == Relevance(terms).of("oat drink x", 2)
    assert Relevance([Term("milk", (Form("m", 0.4), Form("milk")))]).of_name("m", "") is None
