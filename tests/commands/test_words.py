"""How results are said: ages, openings, stock, the cheapest."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.commands import _words
from fedretail.domain.listings import Listing, cheapest
from fedretail.domain.prices import UnitPrice
from fedretail.domain.stock import LEVELS, Stock
from fedretail.domain.times import parse_time

# A Saturday noon, in winter.
NOW_MS = parse_time("2026-11-21T12:00:00+01:00")
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


needs_tzset = pytest.mark.skipif(
    not hasattr(time, "tzset"), reason="Windows keeps its time zone to itself"
)


def listing(**facts: object) -> Listing:
    return Listing(offer="a/1", name="Milk", site_id="a", **facts)  # type: ignore[arg-type]


@needs_tzset
@pytest.mark.parametrize(
    ("confirmed", "seen", "said"),
    [
        ("2026-11-21T10:12:00+01:00", "2026-11-21T10:12:00+01:00", "today 10:12"),
        ("2026-11-20T23:59:00+01:00", "2026-11-21T10:12:00+01:00", "yesterday"),
        ("2026-11-17T10:00:00+01:00", "2026-11-21T10:12:00+01:00", "Tuesday"),
        ("2026-11-09T10:00:00+01:00", "2026-11-21T10:12:00+01:00", "9 Nov"),
        ("2026-08-22T10:00:00+01:00", "2026-11-21T10:12:00+01:00", "ask first"),
        ("2026-11-09T10:00:00+01:00", "2026-11-09T10:12:00+01:00", "not since 9 Nov"),
        (None, "2026-11-21T10:12:00+01:00", "unknown"),
    ],
)
def test_ages(confirmed: str | None, seen: str, said: str) -> None:
    one = listing(
        confirmed_at_ms=parse_time(confirmed) if confirmed else None, seen_at_ms=parse_time(seen)
    )
    assert _words.age(one, NOW_MS).text == said


def test_a_silent_shop_is_said_at_length() -> None:
    one = listing(seen_at_ms=NOW_MS - 9 * DAY_MS, confirmed_at_ms=NOW_MS - 9 * DAY_MS)
    assert _words.long_age(one, NOW_MS).text.startswith("not heard from since 12 Nov")
    assert _words.long_age(one, NOW_MS).tone == "warn"


@needs_tzset
@pytest.mark.parametrize(
    ("is_open", "until", "said"),
    [
        (True, "2026-11-21T19:00:00+01:00", "until 19:00"),
        (True, "2026-11-21T12:20:00+01:00", "closes 12:20"),
        (True, None, "always"),
        (False, "2026-11-21T14:00:00+01:00", "opens 14:00"),
        (False, "2026-11-24T09:00:00+01:00", "opens Tue 09:00"),
        (False, None, "closed"),
        (None, None, "unknown"),
    ],
)
def test_openings(is_open: bool | None, until: str | None, said: str) -> None:
    until_ms = parse_time(until) if until else None
    one = listing(open=is_open, open_until_ms=until_ms, time_zone="Europe/Berlin")
    assert _words.opening(one, NOW_MS).text == said


@needs_tzset
def test_openings_are_told_by_the_shops_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    until_ms = parse_time("2026-11-21T19:00:00+01:00")
    facts = {"open": True, "open_until_ms": until_ms, "time_zone": "Europe/Berlin"}
    assert _words.opening(listing(**facts), NOW_MS).text == "until 19:00"
    assert _words.opening_zone(listing(**facts)) == "Europe/Berlin"
    assert _words.opening_zone(listing(**facts | {"time_zone": "Asia/Tokyo"})) == ""
    # On that clock it is tomorrow already; nobody at the shop would call it so.
    facts = {"open": False, "open_until_ms": until_ms, "time_zone": "Europe/Berlin"}
    assert _words.opening(listing(**facts), NOW_MS).text == "opens 19:00"
    # Where no time is said none has a zone; a zone that nobody knows is none.
    assert _words.opening_zone(listing(open=True, time_zone="Europe/Berlin")) == ""
    assert _words.opening_zone(listing(**facts | {"time_zone": "../Berlin"})) == ""


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (Stock("some"), "in stock"),
        (Stock("few", 3), "3 left"),
        (Stock("few"), "few left"),
        (Stock("none"), "sold out"),
        (Stock("none", made_to_order=True), "to order"),
        (Stock(), "unknown"),
    ],
)
def test_stock(held: Stock, said: str) -> None:
    assert _words.stock(held).text == said


def test_distance_and_way() -> None:
    one = listing(distance_m=583.0, bearing_deg=181.0)
    assert _words.distance(one).text == "↓ 580\u00a0m"
    assert _words.way(one) == "580\u00a0m south"
    assert _words.distance(listing(distance_m=0.0, bearing_deg=0.0), is_own=True).text == "here"
    assert _words.way(listing()) == ""


def test_an_unknown_price_is_a_question() -> None:
    assert _words.price(listing(currency="EUR")) == "ask"
    assert _words.unit_price(listing(currency="EUR")) == ""


priced = st.builds(
    lambda at, amount, per, currency: Listing(
        offer=f"a/{at}",
        name="x",
        site_id="a",
        currency=currency,
        unit_price=UnitPrice(amount, per) if amount else None,
    ),
    st.integers(0, 10**6),
    st.integers(0, 5),
    st.sampled_from(["kg", "l"]),
    st.sampled_from(["EUR", "CHF"]),
)


@given(st.lists(priced, max_size=12, unique_by=lambda one: one.offer))
def test_cheapest_against_a_plain_count(listings: list[Listing]) -> None:
    best = cheapest(listings)
    if not best:
        return
    by_offer = {one.offer: one for one in listings}
    kinds = {(by_offer[o].currency, by_offer[o].unit_price.per) for o in best}
    assert len(kinds) == 1
    (kind,) = kinds
    rivals = [o for o in listings if o.unit_price and (o.currency, o.unit_price.per) == kind]
    least = min(one.unit_price.amount_minor for one in rivals)
    assert best == {one.offer for one in rivals if one.unit_price.amount_minor == least}
    assert len(best) < len(rivals)


moments = st.none() | st.integers(0, NOW_MS + 400 * DAY_MS)


@given(
    st.builds(
        listing,
        open=st.none() | st.booleans(),
        open_until_ms=moments,
        seen_at_ms=moments,
        confirmed_at_ms=moments,
        distance_m=st.none() | st.floats(0, 2e7),
        bearing_deg=st.none() | st.floats(0, 359.9),
        stock=st.builds(Stock, st.sampled_from(LEVELS), st.none() | st.integers(1, 9)),
    )
)
def test_every_listing_can_be_said(one: Listing) -> None:
    for said in (
        _words.age(one, NOW_MS),
        _words.long_age(one, NOW_MS),
        _words.opening(one, NOW_MS),
        _words.stock(one.stock),
    ):
        assert said.text


def test_sizes() -> None:
    assert (_words.size(640_000), _words.size(38_000_000)) == ("640 kB", "38 MB")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 minute"), (-10, "10 minutes"), (300, "5 hours"), (-576_000, "400 days")],
)
def test_spans_are_told_in_the_unit_that_people_would_use(minutes: int, said: str) -> None:
    assert _words.span(minutes * 60_000) == said
