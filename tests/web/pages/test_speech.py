"""What pages say, in English and German."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.listings import Listing
from fedretail.domain.prices import UnitPrice
from fedretail.domain.stock import Stock
from fedretail.domain.times import parse_time
from fedretail.domain.units import parse_quantity
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.translations import translations

NOW_MS = parse_time("2026-11-21T11:40:00Z")  # a Saturday; 12:40 on the shop's clock
HOUR, DAY = 3_600_000, 86_400_000
HERE = "Europe/Berlin"
MILK = Listing(
    offer="a/b",
    name="Milk",
    site_id="a",
    currency="EUR",
    amount_minor=129,
    unit_price=UnitPrice(129, "l"),
)


def speech(language: str = "en") -> Speech:
    zone = ZoneInfo(HERE)
    return Speech(language, translations(language), zone=zone, now_ms=NOW_MS)


EN, DE = speech("en"), speech("de")


def test_prices_in_local_form() -> None:
    assert EN.money(129, "EUR") == "€1.29"
    assert DE.money(123_456, "EUR") == "1.234,56\u00a0€"
    assert EN.unit_price(MILK) == "€1.29\u00a0/\u00a0l"
    assert DE.unit_price(MILK) == "1,29\u00a0€/l"
    assert EN.spoken_price(MILK, is_cheapest=True) == "1.29 euros, 1.29 euros per litre, cheapest"
    assert DE.spoken_price(MILK) == "1,29 Euro, 1,29 Euro je Liter"
    assert EN.spoken_price(replace(MILK, amount_minor=None)) == "ask the shop"


@given(st.integers(0, 10**12), st.sampled_from(["EUR", "CHF", "JPY", "KWD", "USD"]))
def test_the_parts_of_a_tag_are_the_price(amount, currency) -> None:
    for say in (EN, DE):
        parts = say.amount(amount, currency)
        whole = parts.before + parts.whole + parts.decimals + parts.after
        assert whole == say.money(amount, currency)
        assert bool(parts.decimals) == (currency != "JPY")


def test_distances_and_ways() -> None:
    assert [EN.distance(m) for m in (4, 584, 1_440, 12_400)] == [
        "4\u00a0m",
        "580\u00a0m",
        "1.4\u00a0km",
        "12\u00a0km",
    ]
    assert DE.distance(1_440) == "1,4\u00a0km"
    assert EN.way(584, 181) == "580\u00a0m south"
    assert DE.way(584, 181) == "580\u00a0m Richtung Süden"
    assert EN.way(3, 181) == "here"
    assert EN.way(None, None) == ""


@pytest.mark.parametrize(
    ("is_open", "ahead", "said", "tone"),
    [
        (True, 6 * HOUR, "open until 18:40", "ok"),
        (True, 20 * 60_000, "closes 13:00, in 20 min", "warn"),
        (True, None, "open day and night", "ok"),
        (False, 2 * DAY, "opens Mon\u00a012:40", ""),
        (False, 30 * DAY, "opens 21 Dec\u00a012:40", ""),
        (False, None, "closed", ""),
        (None, None, "hours unknown", ""),
    ],
)
def test_opening(is_open, ahead, said, tone) -> None:
    found = EN.opening(is_open, None if ahead is None else NOW_MS + ahead, "Europe/Rome")
    assert (found.text, found.tone) == (said, tone)


def test_opening_in_german() -> None:
    assert DE.opening(True, NOW_MS + 6 * HOUR, HERE).text == "bis 18:40 offen"
    assert DE.opening(False, NOW_MS + 2 * DAY, HERE).text == "öffnet Mo\u00a012:40"


@pytest.mark.parametrize(
    ("zone", "is_open", "ahead", "said"),
    [
        ("Europe/London", True, 6 * HOUR, "open until 17:40 (London time)"),
        ("Europe/London", True, 20 * 60_000, "closes 12:00, in 20 min (London time)"),
        # Sunday there already, while it is Saturday here.
        ("Pacific/Auckland", False, 7 * HOUR, "opens 07:40 (Auckland time)"),
        ("America/Argentina/Buenos_Aires", True, 6 * HOUR, "open until 14:40 (Buenos Aires time)"),
        ("UTC", True, 6 * HOUR, "open until 17:40 (UTC time)"),
        ("Europe/London", True, None, "open day and night"),
        ("Europe/London", None, None, "hours unknown"),
    ],
)
def test_opening_is_told_by_the_shops_own_clock(zone, is_open, ahead, said) -> None:
    assert EN.opening(is_open, None if ahead is None else NOW_MS + ahead, zone).text == said


@given(st.text() | st.sampled_from(["../x", "Europe", "Mars/Base", ""]))
def test_a_zone_that_nobody_knows_stops_no_page(zone) -> None:
    assert EN.opening(True, NOW_MS + 6 * HOUR, zone).text.startswith("open until ")


@pytest.mark.parametrize(
    ("confirmed", "seen", "said", "tone"),
    [
        (HOUR, 0, "confirmed today\u00a011:40", ""),
        (DAY, 0, "confirmed yesterday", ""),
        (3 * DAY, 0, "confirmed Wednesday", ""),
        (12 * DAY, 0, "confirmed 9 Nov", ""),
        (91 * DAY, 0, "not confirmed since 22 Aug", "warn"),
        (DAY, 12 * DAY, "not heard from since 9 Nov", "warn"),
        (None, 0, "not confirmed", ""),
    ],
)
def test_age(confirmed, seen, said, tone) -> None:
    at_ms = None if confirmed is None else NOW_MS - confirmed
    found = EN.age(replace(MILK, confirmed_at_ms=at_ms, seen_at_ms=NOW_MS - seen))
    assert (found.text, found.tone) == (said, tone)


def test_unknown_stock_is_never_green() -> None:
    assert EN.stock(Stock()).tone == ""
    assert EN.stock(Stock("some")).text == "In stock"
    assert EN.stock(Stock("few", left=3)).text == "3 left"
    assert DE.stock(Stock("few", left=3)).text == "noch 3"
    assert EN.stock(Stock("none")).text == "sold out"
    assert EN.stock(Stock("none", made_to_order=True)).text == "made to order"


def test_packs() -> None:
    assert EN.pack(*parse_quantity("6 x 0.33 l")) == "6\u00a0×\u00a00.33\u00a0l"
    assert DE.pack(*parse_quantity("0,5 l")) == "0,5\u00a0l"
    assert EN.pack(None, 1) == ""
    assert DE.pack(None, 6) == "6 Stück"
