"""Soft hyphens: what is said stays the same, and long words may be parted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.web.pages.syllables import SOFT_HYPHEN, parted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Haushaltswaren", "Haus-halts-wa-ren"),
        ("Molkereiprodukte", "Mol-ke-rei-pro-duk-te"),
        ("Fruit & vegetables", "Fruit & vegetables"),
        ("Confectionery", "Con-fec-tio-ne-ry"),
        ("Dienstleistungen", "Dienst-leis-tun-gen"),
        ("Küchengeräte", "Kü-chen-ge-rä-te"),
        ("Strümpfe", "Strümpfe"),
        ("Strumpfwaren", "Strumpf-wa-ren"),
        ("Getreideflocken", "Ge-trei-de-flo-cken"),
        ("Milk & cheese", "Milk & cheese"),
        ("a1b2c3d4e5f6", "a1b2c3d4e5f6"),
        ("パンとケーキとお菓子類", "パンとケーキとお菓子類"),
    ],
)
def test_long_words_may_be_parted_before_a_syllable(text: str, shown: str) -> None:
    assert parted(text).replace(SOFT_HYPHEN, "-") == shown


@given(st.text() | st.text("aeiouäschtpkqu ", max_size=40))
def test_nothing_is_said_otherwise(text: str) -> None:
    found = parted(text)
    assert found.replace(SOFT_HYPHEN, "") == text.replace(SOFT_HYPHEN, "")
    for part in found.split(SOFT_HYPHEN) if SOFT_HYPHEN not in text else ():
        assert part == text or len(part) >= 2
