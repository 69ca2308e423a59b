"""From typed text to terms, against a catalog of a few offers."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.answering.terms import query_terms, query_words
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.text import MAX_QUERY_WORDS, offer_words
from fedretail.index.language.vocabulary import IndexVocabulary
from fedretail.index.rules.ranking import Form, Term

OFFERS = [
    "Bio Käse am Stück",
    "Bio Milch Schokolade",
    "Hafermilch vom Hof",
    "60 in. Bathroom Vanity with Sink",
    "3/4 in. Hinges",
    "Dish Washer",
    "Organic Sheetrock 8 ft.",
]


@pytest.fixture(scope="module")
def vocabulary() -> IndexVocabulary:
    return catalog(OFFERS)


def catalog(names: list[str]) -> IndexVocabulary:
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.execute(
        "CREATE VIRTUAL TABLE word USING fts5(words, content='', detail=none, columnsize=0,"
        " prefix='2 3', tokenize=\"ascii tokenchars '.'\")"
    )
    db.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word, row)")
    rows = [(number, offer_words(one)[1]) for number, one in enumerate(names)]
    db.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", rows)
    return IndexVocabulary(db, Spellings(), generation=1)


def tokens(terms: list[Term]) -> list[list[str]]:
    return [[form.token for form in term.forms] for term in terms]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("KAESE", [["kas"]]),
        ("hinge", [["hing"]]),
        ("8 foot", [["96in", "8"]]),
        ("60 vanaity", [["60"], ["vaniti"]]),
        ("dishwasher", [["dish"], ["washer"]]),
        ("sheet rock", [["sheetrock"], ["sheetrock"]]),
        ("hafer milch", [["hafermilch"], ["milch", "hafermilch"]]),
        ("milchschokolade", [["milch"], ["schokolad"]]),
        ("vanity with the sink", [["vaniti"], ["sink"]]),
        ("with", [["with"]]),
        ("a/c", [["a"], ["c"]]),
        ("vanity w/ sink", [["vaniti"], ["sink"]]),
        ("a hinge", [["hing"]]),
        ("zzzzzzz", [["zzzzzzz"]]),
        ("?!", []),
    ],
)
def test_terms(vocabulary: IndexVocabulary, typed: str, expected: list[list[str]]) -> None:
    assert tokens(query_terms(typed, vocabulary)) == expected


@pytest.mark.parametrize(
    ("typed", "head"),
    [
        ("vanity with sink", "vanity"),
        ("dish w/ washer", "dish"),
        ("hinges 3/4 for sink", "hinges"),
        ("bio vanity", None),
    ],
)
def test_what_is_asked_for_stands_before_what_goes_with_it(
    vocabulary: IndexVocabulary, typed: str, head: str | None
) -> None:
    heads = [term.text for term in query_terms(typed, vocabulary) if term.is_head]
    assert heads == ([head] if head else [])


def test_a_stem_stands_for_words_of_its_own_language(vocabulary: IndexVocabulary) -> None:
    rows = ["Tub", "Tubes", "Käse aus der Tube", "Kaas en melk van de boer", "Water filter"]
    alone, mixed = catalog(rows[:2]), catalog([*rows[:2], "Käse und Brot", *rows[3:]])
    for held in (alone, mixed):
        assert tokens(query_terms("tubes", held)) == [["tube"]]
    assert tokens(query_terms("tubes", catalog(rows[:3]))) == [["tube", "tub"]]
    # A Dutch stemmer takes "ge" off "gewater".
    assert "nl" in mixed.languages()
    assert tokens(query_terms("ge water", mixed)) == [["ge"], ["water"]]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("wd40", [["wd"], ["40"]]),
        ("3000psi", [["3000"], ["psi"]]),
        ("3000xyz", [["3000xyz"]]),
        ("t 8", [["t8"], ["t8"]]),
        ("80 cfm", [["80", "80cfm"], ["cfm", "80cfm"]]),
        ("80 40", [["80"], ["40"]]),
    ],
)
def test_codes_are_written_together_and_apart(typed: str, expected: list[list[str]]) -> None:
    held = catalog(["WD-40 Spray", "Washer 3000 PSI", "T8 Tube", "Fan 80CFM", "Fan, CFM 80"])
    assert tokens(query_terms(typed, held)) == expected


def test_a_bare_number_is_worth_less_than_the_amount(vocabulary: IndexVocabulary) -> None:
    (term,) = query_terms("8ft", vocabulary)
    assert term.forms == (Form("96in"), Form("8", 0.6))
    (pack,) = query_terms("6-pack", catalog(["Bulbs 6-pack"]))
    assert pack.forms == (Form("6x"), Form("6", 0.6))
    (wide, deep) = query_terms("2x4", catalog(["Tape 2-pack", "2 in. x 4 in. Stud"]))
    assert (wide.forms, deep.forms) == ((Form("2x"), Form("2")), (Form("4"),)), "a size"


def test_the_last_word_may_go_on(vocabulary: IndexVocabulary) -> None:
    first, last = query_terms("hinges organi", vocabulary, begun=True)
    assert [form.begun for form in first.forms] == [False]
    assert last.forms == (Form("organi", begun=True),)
    (number,) = query_terms("6", vocabulary, begun=True)
    assert number.forms == (Form("6", begun=True),)


@pytest.mark.parametrize("typed", ["milch s", "milch 6"])
def test_a_letter_behind_other_words_says_nothing_yet(
    vocabulary: IndexVocabulary, typed: str
) -> None:
    assert tokens(query_terms(typed, vocabulary, begun=True)) == tokens(
        query_terms("milch", vocabulary)
    )
    assert len(query_terms(typed, vocabulary)) == 2
    assert len(query_terms(f"{typed}0", vocabulary, begun=True)) == 2
    assert query_terms(typed[-1], vocabulary, begun=True)[0].forms[0].begun


def test_languages_are_those_that_offers_are_in(vocabulary: IndexVocabulary) -> None:
    assert vocabulary.languages() == ("en", "de")


def test_words_and_amounts_are_asked_for_once() -> None:
    assert len(query_words(" ".join(f"w{i}" for i in range(99)))) == MAX_QUERY_WORDS
    assert query_words("milk Milk 1l 1 l") == query_words("milk 1L")


@given(st.text(max_size=60), st.booleans())
def test_any_text_makes_few_terms(vocabulary: IndexVocabulary, typed: str, begun: bool) -> None:
    terms = query_terms(typed, vocabulary, begun=begun)
    assert len(terms) <= MAX_QUERY_WORDS
    assert bool(terms) == bool(query_words(typed))
    assert all(term.forms and 0 < form.worth <= 1 for term in terms for form in term.forms)
