"""What cells tell of where words stand, against the words themselves."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.units import Quantity
from fedretail.index.language.text import offer_words
from fedretail.index.layout.labels import (
    BRAND_THREE,
    BRAND_TWO,
    CATEGORY_THREE,
    CATEGORY_TWO,
    asked_beginnings,
    asked_digits,
    beginnings,
    shared_of,
)

TEXTS = [
    "",
    "Garden",
    "Food > Dairy",
    "Gärten",
    "Mice",
    "ga",
    "g",
    "5 kg Garn",
    "牛乳",
    "Mäuse 2x4",
    "0.5 l",
    "9mm 37",
]
texts = st.lists(st.sampled_from(TEXTS), max_size=3).map(" ".join)
tokens = [
    "garden",
    "gard",
    "ga",
    "g",
    "gart",
    "mous",
    "mic",
    "food",
    "fo",
    "dairi",
    "牛",
    "5",
    "5000g",
    "500ml",
    "2",
    "37",
    "9",
]
forms = st.lists(st.tuples(st.sampled_from(tokens), st.booleans()), min_size=1, max_size=3)


def shares(name: list[str], label: str, letters: int) -> bool:
    """Whether a word of the name begins as one of the label's, one by one."""
    begins = beginnings(label)
    wanted = begins.three if letters == 3 else begins.two
    return any(word[:letters] == one for word in name for one in wanted)


@given(texts, texts, texts, st.sampled_from(["", "de", "en"]), forms)
def test_no_name_holds_what_its_cell_says_stands_beside_it(
    name: str, category: str, brand: str, language: str, asked: list[tuple[str, bool]]
) -> None:
    named, words = offer_words(name, brand=brand, category=category, language=language)
    held = words.split(" ", named)[:named]
    shared = shared_of(held, category, brand)
    for label, three, two in (
        (category, CATEGORY_THREE, CATEGORY_TWO),
        (brand, BRAND_THREE, BRAND_TWO),
    ):
        assert bool(shared & three) == shares(held, label, 3)
        assert bool(shared & two) == shares(held, label, 2)
        wanted, begins = asked_beginnings(asked), beginnings(label)
        if wanted is None or shared & (two if wanted.two else three):
            continue
        if wanted.three <= begins.three and wanted.two <= begins.two:
            for token, begun in asked:
                assert not any(one.startswith(token) if begun else one == token for one in held)


@given(texts, st.sampled_from(["", "de", "en"]), forms)
def test_no_name_holds_a_number_that_its_cell_says_stands_beside_it(
    name: str, language: str, asked: list[tuple[str, bool]]
) -> None:
    named, words = offer_words(name, net=Quantity(Decimal(500), "GRM"), language=language)
    held = words.split(" ", named)[:named]
    digits = asked_digits(asked)
    assert bool(digits) == all(token[0].isdecimal() for token, _ in asked)
    if digits and not shared_of(held, "Food", "2x4") & digits:
        for token, begun in asked:
            assert not any(one.startswith(token) if begun else one == token for one in held)


def test_a_single_letter_tells_nothing() -> None:
    assert asked_beginnings([("garden", False), ("g", True)]) is None
    assert asked_beginnings([("garden", True), ("ga", True), ("ic", False)]) == (
        {"gar", "ic"},
        {"ga"},
    )
