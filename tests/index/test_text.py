"""One tokenizer for texts and queries; what comes out is safe to quote for FTS5."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index import text as tokenizer
from fedretail.index.text import (
    MAX_QUERY_WORDS,
    MAX_WORD_CHARACTERS,
    fold,
    gtin_word,
    match_all,
    match_any,
    query_words,
    text_words,
)

texts = st.text(max_size=80) | st.text(alphabet="aß1.,'’ x×lg牛ミéØ\u0301\0\ud800\"*", max_size=40)

PIECES = ["6x", "0,33", "500", "g", " ", "kg", "b12", "00012345678", "a", "_", "-", "'", ".", "s"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bio-Käse 1,5 l", ["bio", "kase", "1500ml"]),
        ("0.5 L", ["500ml"]),
        ("6 x 0,33l Cola", ["6x", "330ml", "cola"]),
        ("Straße SMØRREBRØD", ["strasse", "smorrebrod"]),
        ("Kellogg's d'Or", ["kellogg", "or"]),
        ("coca-cola", ["coca", "cola"]),
        ("2,40 GHz b12 100gb", ["2.4", "ghz", "b12", "100gb"]),
        ("04001842100121", ["4001842100121"]),
        ("Молоко 1 л", ["молоко", "1000ml"]),
        ("ＭＩＬＫ ３００ｇ", ["milk", "300g"]),
        ('"*^:()\0', []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert text_words(text) == words
    assert query_words(text) == words


def test_unspaced_scripts_are_found_by_pairs_and_single_characters() -> None:
    held = text_words("有機牛乳1L")
    for asked in ("牛乳", "牛", "有機牛乳"):
        assert set(query_words(asked)) <= set(held)
    assert not set(query_words("豆乳")) <= set(held)


def test_a_barcode_is_one_word_in_every_length() -> None:
    words = {tuple(query_words(code)) for code in ("96385074", "000096385074", "00000096385074")}
    assert words == {(gtin_word("00000096385074"),)}


@given(texts)
def test_a_text_is_found_by_itself(text: str) -> None:
    assert set(query_words(text)) <= set(text_words(text))


@given(
    texts
    | st.lists(st.sampled_from(PIECES)).map("".join)
    | st.text(alphabet="0159.,xgl' k_A", max_size=60)
)
def test_plain_texts_are_split_by_the_rules_of_all(text: str) -> None:
    folded = fold(text)
    if folded.isascii():
        plain = tokenizer._compiled(tokenizer._ELISION).sub(" ", folded)
        expected = tokenizer._with_amounts(tokenizer._LETTER, plain)
        assert tokenizer._split(folded, single=True) == expected


@given(texts)
def test_folding_twice_changes_nothing_for_the_words(text: str) -> None:
    assert query_words(fold(text)) == query_words(text)


@given(texts, st.booleans())
def test_every_word_is_one_token_of_fts5(text: str, begun: bool) -> None:
    words = query_words(text)
    assert len(words) <= MAX_QUERY_WORDS
    assert all(0 < len(word) <= MAX_WORD_CHARACTERS for word in words)
    if not words:
        return
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE word USING fts5(words, content='', detail=none, columnsize=0,"
        " tokenize=\"ascii tokenchars '.'\")"
    )
    db.execute("INSERT INTO word(rowid, words) VALUES(7, ?)", (" ".join(text_words(text)),))
    for match in (match_all(words, begun=begun), match_any(words, begun=begun)):
        assert db.execute("SELECT rowid FROM word WHERE word MATCH ?", (match,)).fetchall() == [
            (7,)
        ]
    db.close()
