"""Opening hours: real strings, clock changes, special days, closures, hostile text."""

import contextlib
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position
from fedretail.domain.hours import (
    MAX_HOURS,
    Closure,
    Hours,
    OpenState,
    open_state,
    parse_hours,
    validate_zone,
    zone_of,
)
from fedretail.domain.times import to_datetime, to_ms
from fedretail.errors import MalformedInput

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
WEEK = "Mo-Fr 08:00-18:00; Sa 08:00-13:00"
HOUR_MS = 3600 * 1000


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


@pytest.mark.parametrize(
    ("hours", "moment", "is_open", "until"),
    [
        (WEEK, "2026-11-20T17:59", True, "2026-11-20T18:00"),
        (WEEK, "2026-11-20T18:00", False, "2026-11-21T08:00"),
        (WEEK, "2026-11-21T12:00", True, "2026-11-21T13:00"),
        (WEEK, "2026-11-22T12:00", False, "2026-11-23T08:00"),
        ("24/7", "2026-11-22T03:00", True, None),
        ("off", "2026-11-22T03:00", False, None),
        ("22:00-02:00", "2026-11-22T01:00", True, "2026-11-22T02:00"),
        ("Mo-Su 08:00-18:00; PH off", "2026-12-25T12:00", False, "2026-12-27T08:00"),
        ("08:00-12:00 unknown", "2026-11-22T09:00", None, None),
        ('"by appointment"', "2026-11-22T09:00", None, None),
        ('10:00-12:00 "ring the bell"', "2026-11-22T11:00", None, None),
    ],
)
def test_states(hours: str, moment: str, is_open: bool | None, until: str | None) -> None:
    state = open_state(hours, ZONE, at(moment), country="DE")
    assert state == OpenState(is_open, at(until) if until else None)


def test_clock_changes() -> None:
    """The night of 25 October 2026 has an hour twice, that of 29 March lacks one."""
    long_night = open_state("22:00-06:00", ZONE, at("2026-10-24T22:00"))
    short_night = open_state("22:00-06:00", ZONE, at("2026-03-28T22:00"))
    assert long_night.until_ms == at("2026-10-24T22:00") + 9 * HOUR_MS
    assert short_night.until_ms == at("2026-03-28T22:00") + 7 * HOUR_MS


def test_the_same_text_in_another_zone() -> None:
    moment = at("2026-11-20T17:30")
    assert open_state(WEEK, ZONE, moment).open is True
    assert open_state(WEEK, "America/New_York", moment).open is True
    assert open_state(WEEK, "Asia/Tokyo", moment).open is False
    assert open_state(WEEK, "Europe/Nowhere", moment) == OpenState(None)


def test_holidays_are_those_of_the_country() -> None:
    unity_day = at("2026-10-03T10:00")  # a Saturday, a holiday in Germany alone
    assert open_state(WEEK + "; PH off", ZONE, unity_day, country="DE").open is False
    assert open_state(WEEK + "; PH off", ZONE, unity_day, country="FR").open is True
    assert open_state(WEEK + "; PH off", ZONE, unity_day, country="ZZ").open is True


def test_sunset_is_that_of_the_place() -> None:
    oslo, tuebingen = Position(59.9, 10.7), Position(48.5, 9.05)
    moment = at("2026-12-21T11:00")
    dark = [open_state("06:00-sunset", ZONE, moment, position=p) for p in (oslo, tuebingen)]
    assert dark[0].until_ms is not None
    assert dark[1].until_ms is not None
    assert at("2026-12-21T15:00") < dark[0].until_ms < at("2026-12-21T15:30")
    assert at("2026-12-21T16:15") < dark[1].until_ms < at("2026-12-21T16:45")


def test_special_days() -> None:
    days = {"2026-12-24": "08:00-12:00", "2026-12-28": "off", "2026-12-29": "see the door"}

    def ask(moment: str) -> OpenState:
        return open_state(WEEK, ZONE, at(moment), holidays=days)

    assert ask("2026-12-23T17:00") == OpenState(True, at("2026-12-23T18:00"))
    assert ask("2026-12-24T11:00") == OpenState(True, at("2026-12-24T12:00"))
    assert ask("2026-12-24T13:00") == OpenState(False, at("2026-12-25T08:00"))
    # The day after the closed Monday is unknown: closed lasts until midnight for sure.
    assert ask("2026-12-28T09:00") == OpenState(False, at("2026-12-29T00:00"))
    assert ask("2026-12-29T09:00") == OpenState(None)
    assert open_state(None, ZONE, at("2026-12-24T09:00"), holidays=days).open is True
    assert open_state(None, ZONE, at("2026-12-23T09:00"), holidays=days).open is None


def test_closures_decide_over_all() -> None:
    break_ = Closure(at("2026-08-03T00:00"), at("2026-08-15T00:00"), "summer")

    def ask(moment: str, hours: str | None = WEEK) -> OpenState:
        return open_state(hours, ZONE, at(moment), closed=[break_])

    assert ask("2026-08-04T10:00") == OpenState(False, at("2026-08-15T08:00"))
    assert ask("2026-08-02T10:00") == OpenState(False, at("2026-08-15T08:00"))
    assert ask("2026-08-02T10:00", "24/7") == OpenState(True, at("2026-08-03T00:00"))
    assert ask("2026-08-04T10:00", "24/7") == OpenState(False, at("2026-08-15T00:00"))
    assert ask("2026-08-04T10:00", None).open is False
    assert ask("2026-08-02T10:00", None).open is None


SPECIAL = {"2026-11-18": "20:00-22:00", "2026-11-19": "off", "2026-11-21": "24/7"}
SHUT = [Closure(at("2026-11-17T10:30"), at("2026-11-17T15:00"))]


@given(
    st.sampled_from([WEEK, "24/7", "off", "Tu 10:00-14:00", "20:00-03:00"]), st.integers(0, 7 * 96)
)
def test_until_is_the_first_change(hours: str, quarter: int) -> None:
    """Against asking every quarter of an hour."""
    start = at("2026-11-16T00:00") + quarter * HOUR_MS // 4

    def ask(at_ms: int) -> OpenState:
        return open_state(hours, ZONE, at_ms, holidays=SPECIAL, closed=SHUT)

    state = ask(start)
    later = range(start, start + 10 * 24 * HOUR_MS, HOUR_MS // 4)
    first = next((moment for moment in later if ask(moment).open is not state.open), None)
    if first is not None:
        assert state.until_ms == first
    else:
        assert state.until_ms is None or state.until_ms >= later[-1]


HOSTILE = [
    "", " ", "\0", "😀", "\ud800", "(" * 10_000, "24/7 " * 2000, "Mo-" * 5000, "9" * 10_000,
    "Mo[2] +" + "9" * 30 + " days", "week 1-53/" + "9" * 20, "9999-9999/0", "10:00-12:00/0",
    "Mo-Fr 08:00-18:00;" * 600, "easter -99999999 days", "closed on Mondays", "Mo-Fr 8-18 Uhr",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_read_is_unknown(text: str) -> None:
    assert open_state(text, ZONE, at("2026-11-20T12:00")) == OpenState(None)
    with pytest.raises(MalformedInput) as caught:
        parse_hours(text)
    assert len(caught.value.message.encode()) < 200


@given(st.text(max_size=40) | st.text('MoTuWeFSaPH0123456789:-+,;/| []()"offunkw', max_size=40))
def test_nothing_raises(text: str) -> None:
    state = open_state(text, ZONE, at("2026-11-20T12:00"))
    assert state.until_ms is None or state.until_ms > at("2026-11-20T12:00")


@given(st.integers(), st.sampled_from(["UTC", ZONE, "Pacific/Kiritimati", "America/Anchorage"]))
def test_any_moment(at_ms: int, zone: str) -> None:
    assert open_state(WEEK, zone, at_ms).open in (True, False, None)


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_zones(name: str) -> None:
    assert validate_zone(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "Europe", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\0", "CEST ", "😀",
     "\ud800", "a" * 10_000, "Europe//Berlin", "tzdata.zi"],
)  # fmt: skip
def test_no_zone(name: str) -> None:
    with pytest.raises(MalformedInput):
        validate_zone(name)


def test_times_are_told_in_a_zone_that_is_known_else_as_by_this_computer() -> None:
    assert zone_of(ZONE, at_ms=0) is BERLIN
    for at_ms in (at("2026-01-15T12:00"), at("2026-07-15T12:00")):
        moment = to_datetime(at_ms)
        for name in ("", "Mars/Olympus", "../x"):
            assert moment.astimezone(zone_of(name, at_ms=at_ms)) == moment.astimezone()
            assert zone_of(name, at_ms=at_ms).utcoffset(moment) == moment.astimezone().utcoffset()


@given(st.text())
def test_zones_raise_nothing_else(name: str) -> None:
    with contextlib.suppress(MalformedInput):
        validate_zone(name)


def test_hours_of_real_shops(test_data: Path) -> None:
    raw = (test_data / "shops" / "farmshops.json.gz").read_bytes()
    tags = [shop["tags"] for shop in json.loads(gzip.decompress(raw))]
    texts = [tag["opening_hours"] for tag in tags if "opening_hours" in tag]
    parsed = [hours for text in texts if (hours := Hours.parse(text, ZONE, country="DE"))]
    assert len(texts) == 9992
    assert len(parsed) >= 9400
    noon, night = at("2026-11-20T11:00"), at("2026-11-20T03:00")
    open_at_noon = sum(hours.is_open(noon) is True for hours in parsed)
    open_at_night = sum(hours.is_open(night) is True for hours in parsed)
    assert open_at_noon > 2 * open_at_night
    assert max(map(len, texts)) <= MAX_HOURS


def test_next_change_is_in_the_future() -> None:
    hours = Hours.parse(WEEK, ZONE)
    assert hours is not None
    moment = at("2026-01-01T00:00")
    for _ in range(1000):
        later = hours.next_change(moment)
        assert later is not None
        assert later > moment
        moment = later
    assert moment - at("2026-01-01T00:00") > timedelta(days=365) / timedelta(milliseconds=1)
