"""One tokenizer for texts and queries; what comes out is safe to quote for FTS5."""

import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fedretail.domain.units import parse_quantity
from fedretail.index.answering.terms import query_terms
from fedretail.index.language import text as tokenizer
from fedretail.index.language.amounts import pieces
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.text import MAX_WORD_CHARACTERS, fold, match, offer_words, text_words
from fedretail.index.language.vocabulary import IndexVocabulary

texts = st.text(max_size=80) | st.text(
    alphabet="aß1.,'’ x×lg牛ミéØй/½ft\"″-\u0301\0\ud800*", max_size=40
)
PIECES = ["6x", "0,33", "500", "g", " ", "kg", "b12", "00012345678", "a", "_", "-", "'", ".", "s"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bio-Käse", "bio kase"),
        ("6 x 0,33l Cola", "6x 6 330ml 0.33 cola"),
        ("Straße SMØRREBRØD", "strasse smorrebrod"),
        ("Kellogg's d'Or", "kellogg or"),
        ("coca-cola", "coca cola"),
        ("2,40 GHz b12 100gb", "2.4 ghz b12 100gb"),
        ("04001842100121", "4001842100121"),
        ("Свежий ёж", "свежий еж"),
        ("ＭＩＬＫ ３００ｇ", "milk 300g 300"),
        ('"*^:()\0', ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert text_words(text) == words.split()


def test_a_text_holds_the_stems_of_its_language() -> None:
    assert text_words("Hinges", "en") == ["hing"]
    assert text_words("Äpfel Bananen", "de") == ["apfel", "banan"]
    assert text_words("Vollmilchschokolade", "de") == ["vollmilchschokolad", "schokolad"]


def test_the_words_of_an_offer() -> None:
    net, pack = parse_quantity("6 x 0.33 l")
    named, words = offer_words(
        "Apfelschorle naturtrüb",
        brand="Hofgut",
        category="Getränke > Säfte",
        sku="A-102",
        gtin="04001842100121",
        net=net,
        pack=pack,
    )
    assert words.split()[:named] == ["apfelschorl", "schorl", "naturtrub"]
    beside = ["6x", "330ml", "hofgut", "getrank", "saft", "a", "102", "4001842100121", ".de"]
    assert words.split()[named:] == beside
    assert offer_words("Tuiles", language="fr")[1] == "tuil .fr"
    assert offer_words("Tuiles", language="ja")[1] == "tuiles"


def test_the_usual_language_is_not_marked() -> None:
    assert offer_words("Oat milk") == (2, "oat milk")


@given(
    texts
    | st.lists(st.sampled_from(PIECES)).map("".join)
    | st.text(alphabet="0159.,xgl' k_A/-\"", max_size=60)
)
def test_plain_texts_are_split_by_the_rules_of_all(text: str) -> None:
    folded = fold(text)
    if folded.isascii():
        plain = tokenizer._compiled(tokenizer._ELISION).sub(" ", folded)
        expected = [tokenizer._cut(one) for one in pieces(plain, tokenizer._LETTER)]
        assert tokenizer.split(folded) == expected


@given(texts)
def test_folding_twice_changes_nothing_for_the_words(text: str) -> None:
    assert tokenizer.split(fold(text)) == tokenizer.split(text)


def table(words: str) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE word USING fts5(words, content='', detail=none, columnsize=0,"
        " tokenize=\"ascii tokenchars '.'\")"
    )
    db.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word, row)")
    db.execute("CREATE VIRTUAL TABLE instance USING fts5vocab(word, instance)")
    db.execute("INSERT INTO word(rowid, words) VALUES(7, ?)", (words,))
    return db


# With the default of the thorough profile a whole run asks 10,000 strings.
@settings(max_examples=settings().max_examples * 50)
@given(texts, st.sampled_from(["", "en", "de", "fr", "ru"]), st.booleans())
def test_any_text_is_found_by_itself_in_fts5(text: str, language: str, begun: bool) -> None:
    _, words = offer_words(text, language=language)
    for token in words.split(" ") if words else []:
        assert 0 < len(token) <= MAX_WORD_CHARACTERS
    db = table(words)
    try:
        terms = query_terms(text, IndexVocabulary(db, Spellings(), generation=0), begun=begun)
        groups = [[(form.token, form.begun) for form in term.forms] for term in terms]
        for every in (True, False) if groups else ():
            found = db.execute(
                "SELECT rowid FROM word WHERE word MATCH ?", (match(groups, every=every),)
            )
            assert found.fetchall() == [(7,)]
    finally:
        db.close()


latin = st.text(st.characters(max_codepoint=0x24F)) | texts


@given(latin)
def test_texts_of_latin_letters_are_folded_as_any_other(text: str) -> None:
    assert fold(text) == tokenizer._fold_any(text)


@given(st.text(st.sampled_from("Aaz09-. é"), min_size=1, max_size=60) | st.text(min_size=1))
@example("A1001")
@example("a" * 41)
@example("4001842100121")
@example("\u212a1")  # the sign for Kelvin, which folds to a letter of ASCII
def test_the_words_of_a_code_are_those_of_a_text_as_it_stands(code: str) -> None:
    assert offer_words("", sku=code)[1].split() == text_words(code)
