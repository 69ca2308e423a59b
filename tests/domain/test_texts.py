"""Text that people are shown holds nothing that acts."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.texts import clean_block, clean_line, count, quoted, shorten


def test_lines() -> None:
    assert clean_line("  Milk  1 l ") == "Milk 1 l"
    assert clean_line("a\r\nb\tc\u00a0d") == "a b c d"
    assert clean_line("\x1b[31mred\x1b[0m") == "[31mred[0m"
    assert clean_line("abc\u202edef\ud800") == "abcdef"
    assert clean_line("👩\u200d🌾 farm") == "👩\u200d🌾 farm"


def test_blocks_keep_their_lines() -> None:
    assert clean_block(" a\r\nb\rc\n") == "a\nb\nc"


@given(st.text())
@example("\x85\x9b")
def test_nothing_acts(text: str) -> None:
    for clean, allowed in ((clean_line, ""), (clean_block, "\n\t")):
        cleaned = clean(text)
        assert clean(cleaned) == cleaned
        cleaned.encode()
        controls = {c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs")}
        assert controls <= set(allowed)


@given(st.text(), st.integers(1, 50))
def test_shorten(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("…")


@given(st.text())
def test_quoted_fits_a_message(text: str) -> None:
    quoted(text).encode()
    assert quoted(text).isprintable()
    assert len(quoted(text)) < 420


def test_quoted() -> None:
    assert quoted("milk") == '"milk"'
    assert quoted("a\0") == r"'a\x00'"
    assert quoted("x" * 50) == '"' + "x" * 40 + '…"'


def test_counts_have_their_grammar():
    assert count(1, "shop") == "1 shop"
    assert count(0, "shop") == "0 shops"
    assert count(1204, "address", "addresses") == "1,204 addresses"
