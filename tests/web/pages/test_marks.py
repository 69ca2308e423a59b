"""Signs, drawings, towns and barcodes: what small pure functions make of any text."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position
from fedretail.domain.ids import check_digit
from fedretail.domain.sites import COLOURS, Site
from fedretail.web.pages.barcodes import code_in
from fedretail.web.pages.drawings import ANYTHING, NAMES, drawing_for
from fedretail.web.pages.signs import colour, initials
from fedretail.web.pages.towns import town_of, towns_of

SPRITE = Path(__file__).parents[3] / "fedretail" / "web" / "static" / "drawings.svg"


@given(st.text(max_size=60))
def test_any_name_has_a_mark_of_at_most_two_letters(name) -> None:
    assert 1 <= len(initials(name)) <= 2


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("Kettle & Cloth", "KC"),
        ("The Old Mill", "OM"),
        ("Querbeet", "QU"),
        ("!", "?"),
        ("Die", "DI"),
    ],
)
def test_marks(name, mark) -> None:
    assert initials(name) == mark


@given(st.one_of(st.none(), st.integers(), st.text(max_size=3), st.booleans()), st.text(max_size=9))
def test_a_colour_is_one_of_eight(said, site) -> None:
    found = colour(Site.from_fields({"colour": said}), site)
    assert 0 <= found < COLOURS
    if type(said) is int and 0 <= said < COLOURS:
        assert found == said


def test_every_drawing_is_there() -> None:
    drawn = re.findall(r'<symbol id="([a-z]+)"', SPRITE.read_text(encoding="utf-8"))
    assert sorted(drawn) == sorted(NAMES)
    assert len(NAMES) >= 24


@given(st.text(max_size=80), st.text(max_size=80))
def test_anything_has_a_drawing(category, name) -> None:
    assert drawing_for(category, name).name in NAMES


@pytest.mark.parametrize(
    ("category", "name", "drawn"),
    [
        ("Food > Dairy", "", "milk"),
        ("", "Bergbauern Milch in der Glasflasche", "milk"),
        ("", "Apple juice", "bottle"),
        ("Fahrrad > Reifen", "", "bicycle"),
        ("Food > Unheard of", "", "bag"),
        ("", "Xyz", ANYTHING.name),
    ],
)
def test_drawings(category, name, drawn) -> None:
    assert drawing_for(category, name).name == drawn


def test_towns_are_what_several_shops_say() -> None:
    assert town_of("Dorfstraße 1\n72127 Kusterdingen") == "Kusterdingen"
    assert town_of("D-72072 Tübingen, Germany") == "Tübingen"
    assert town_of("nowhere in particular") == ""
    shops = [
        ("1 Lane\n72072 Town", Position(1, 1)),
        ("72072 Town", Position(3, 3)),
        ("72073 Far", Position(9, 9)),
    ]
    assert towns_of(shops) == [("Town", Position(2, 2))]


@given(st.text(max_size=500))
def test_any_address_is_read(address) -> None:
    assert "\n" not in town_of(address)


def test_barcodes_with_what_scanners_put_before_them() -> None:
    good = "4260349420006"
    for text in (good, f" {good} ", "4 260349 420006", f"]E0{good}", f"]C1010{good}", f"010{good}"):
        code = code_in(text)
        assert code is not None, text
        assert code.gtin == "0" + good, text
    wrong = code_in("4260349420007")
    assert wrong is not None
    assert wrong.gtin is None
    assert code_in("milk") is None
    assert code_in("1234567") is None
    assert code_in("") is None


@given(st.sampled_from([7, 11, 12, 13]), st.integers(10**6, 10**13))
def test_a_right_check_digit_is_a_barcode(length, number) -> None:
    body = str(number).zfill(13)[-length:].replace("0", "7")
    digits = body + str(check_digit(body))
    code = code_in(digits)
    assert code is not None
    assert code.gtin == digits.zfill(14)
