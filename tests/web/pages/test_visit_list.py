"""The list as it leaves: in codes that a phone can read, and what is in none of them is said."""

import re
from datetime import UTC

import segno
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.ids import record_key
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.translations import translations
from fedretail.web.pages.visit_list import (
    MOST_CODE_BYTES,
    MOST_CODES,
    MOST_LINES,
    code,
    in_codes,
    numbered,
    parse_line,
)

# At 4 dots each, with the white around them, within the narrowest column that shows one.
MOST_MODULES = 85

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=55)
LINES = st.lists(st.tuples(st.sampled_from(["Corner & Sons €9.99", "Хлеб 5", "パン"]), NAMES))


@given(LINES)
def test_every_line_is_in_one_code_or_counted(lines) -> None:
    texts, left = in_codes(lines)
    assert len(texts) <= MOST_CODES
    assert (left == 0) or len(texts) == MOST_CODES
    held = lines[: len(lines) - left]
    said = [one for text in texts for one in text.split("\n")]
    assert [one for one in said if one not in {shop for shop, _ in lines}] == [
        line for _, line in held if line not in {shop for shop, _ in lines}
    ]
    for language in ("en", "de"):
        speech = Speech(language, translations(language), zone=UTC, now_ms=0)
        for number, (text, whole) in enumerate(zip(texts, numbered(texts, left, speech))):
            assert text in whole
            if len(texts) > 1:
                assert whole.startswith(f"Code {number + 1} ")
            assert len(whole.encode()) <= MOST_CODE_BYTES
    for text in numbered(texts, left, speech):
        assert segno.make(text, error="l", micro=False).symbol_size(border=0)[0] <= MOST_MODULES


def test_each_code_begins_with_the_shop_of_its_first_line() -> None:
    lines = [("Mill €99", f"{number} x {'Bread ' * 6}") for number in range(40)]
    texts, left = in_codes(lines)
    assert len(texts) > 1
    assert left == 0
    assert all(text.startswith("Mill €99\n") for text in texts)


def test_a_phone_says_which_part_it_has_and_what_is_on_paper() -> None:
    speech = Speech("de", translations("de"), zone=UTC, now_ms=0)
    assert numbered(["Mill"], 0, speech) == ["Mill"]
    first, last = numbered(["Mill", "Inn"], 1_234, speech)
    assert first == "Code 1 von 2\nMill"
    assert last == "Code 2 von 2\nInn\n+ 1.234 Zeilen auf Papier"


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def listed(ask, street, number: int, language: str = "en"):
    for at in range(number):
        fields = {"name": f"Very good bread number {at}", "currency": "EUR", "prices": [[380]]}
        street.write("offer", f"L{at}", fields)
    street.follow()
    site = street.site().id
    return ask("/list?" + "&".join(f"o={site}/L{at}~2" for at in range(number)), language).text


def test_a_short_list_is_one_code(ask, street) -> None:
    page = listed(ask, street, 8)
    assert page.count('class="qr"') == 1
    assert "Scan with your phone." in page
    assert "is in no code" not in page


def test_a_list_of_more_than_forty_lines_is_in_several(ask, street) -> None:
    page = listed(ask, street, 41)
    assert 2 <= page.count('class="qr"') <= MOST_CODES
    assert "Code 1 of " in page
    assert "in no code" not in page
    sizes = [int(side) for side in re.findall(r'viewBox="0 0 (\d+) \1"', page.partition("qr")[2])]
    assert sizes
    assert max(sizes) <= MOST_MODULES + 8


def test_what_is_in_no_code_or_too_much_is_said_and_printed(ask, street) -> None:
    page = listed(ask, street, MOST_LINES + 3)
    assert page.count('class="qr"') == MOST_CODES
    left = re.search(r"(\d+) lines are in no code. Print the list: it holds all.", page)
    assert left is not None
    assert int(left[1]) > 0
    assert "A list has 100 lines at most: 3 more are left out" in page
    assert all(f"Very good bread number {at}<" in page for at in range(MOST_LINES))
    german = listed(ask, street, MOST_LINES + 1, "de")
    assert "Drucken Sie die Liste" in german
    assert "1 weitere fehlt hier" in german


@given(st.text(), st.integers(1, 99))
def test_a_line_is_an_offer_and_how_many(offer, count) -> None:
    assert parse_line(f"{offer}~{count}") == (offer, count)


@given(st.text().filter(lambda text: not re.search(r"~[0-9]{1,2}\Z", text)))
def test_a_line_without_a_number_is_one(offer) -> None:
    assert parse_line(offer) == (offer, 1)
    assert parse_line(f"{offer}~0") == (offer, 1)


def test_an_offer_with_a_long_code_may_be_on_a_list(ask, street) -> None:
    code = "LONG-ARTICLE-NUMBER-OF-A-WHOLESALER-WHO-NUMBERS-BY-WORDS-7"
    key = record_key(code)
    assert "~" in key
    street.write("offer", key, {"name": "Long bench", "currency": "EUR", "prices": [[900]]})
    street.follow()
    site = street.site().id
    assert "1 × Long bench" in words(ask(f"/list?o={site}/{key}"))
    page = ask(f"/list?o={site}/{key}~3")
    assert "3 × Long bench" in words(page)
    assert "€27.00" in page.text


def test_what_is_sold_no_more_is_struck_and_in_no_sum(ask, street) -> None:
    site = street.site().id
    page = ask(f"/list?o={site}/M1~2&o={site}/gone~3&o=%3Cb%3E/x")
    assert "My list 1 line" in words(page)
    assert "Together €2.88" in words(page)
    lost = page.text.partition('class="stop card lost')[2].partition("</section>")[0]
    assert "2 lines are sold no more" in lost
    assert lost.count("<s>") == 2
    assert f'× <span data-line="{site}/gone" data-lost="1">An offer</span></s>' in lost
    assert '<span class="n">3</span> ×' in lost
    assert "Corner &amp; Sons no longer sells it" in lost
    assert "<b>" not in lost


def test_a_line_of_nothing_is_no_line(ask) -> None:
    assert "Nothing is on your list yet." in ask("/list?o=&o=").text


def test_a_list_of_nothing_but_lost_lines_is_not_called_empty(ask, street) -> None:
    page = words(ask(f"/list?o={street.site().id}/gone", "de"))
    assert "1 Zeile wird nicht mehr verkauft" in page
    assert "Corner &amp; Sons verkauft das nicht mehr" in page
    assert "Noch steht nichts" not in page


def test_a_code_is_white_where_it_is_light() -> None:
    assert 'fill="#fff"' in code("Corner & Sons")
