"""Moments: RFC 3339 there and back, days in a zone, hostile text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.times import MAX_TIME_MS, parse_span, parse_time, rfc3339, to_datetime, to_ms
from fedretail.errors import MalformedInput

BERLIN = ZoneInfo("Europe/Berlin")


def test_written_as_the_standard_says() -> None:
    assert rfc3339(1_795_255_200_000) == "2026-11-21T10:00:00Z"
    assert rfc3339(1_795_255_200_999) == "2026-11-21T10:00:00Z"
    assert rfc3339(-5) == "1970-01-01T00:00:00Z"
    assert rfc3339(2**80) == "9999-12-31T23:59:59Z"


@given(st.integers(0, MAX_TIME_MS // 1000))
def test_read_back(seconds: int) -> None:
    text = rfc3339(seconds * 1000)
    assert text == datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    assert parse_time(text) == seconds * 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ("2026-11-21t10:00:00.5z", "2026-11-21T10:00:00Z"),
        ("2026-11-21 11:00:00+01:00", "2026-11-21T10:00:00Z"),
        ("2026-11-21T11:00", "2026-11-21T10:00:00Z"),
        ("2026-11-21", "2026-11-20T23:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert rfc3339(parse_time(text, BERLIN)) == expected


def test_until_a_day_holds_all_of_it() -> None:
    """A day of 25 hours (the clocks go back) too."""
    start, end = (parse_time("2026-10-25", BERLIN, end=last) for last in (False, True))
    assert end - start == 25 * 3600 * 1000


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-13-01", "2026-02-30", "26-01-01", "2026-01-01T25:00", "1969-12-31",
     "2026-W01-1", "20260101", "\0", "\ud800", "9" * 10_000, "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_no_time(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_time(text)


@given(st.text())
def test_raises_nothing_else(text: str) -> None:
    try:
        assert 0 <= parse_time(text, BERLIN, end=True) <= MAX_TIME_MS
    except MalformedInput as error:
        error.message.encode()


def test_the_last_day_has_no_end() -> None:
    with pytest.raises(MalformedInput):
        parse_time("9999-12-31", end=True)


@given(st.integers(0, MAX_TIME_MS - 10**8))
def test_datetimes(at_ms: int) -> None:
    assert to_ms(to_datetime(at_ms, BERLIN)) == at_ms


def test_spans() -> None:
    assert [parse_span(text) for text in ("12h", "30 days", "2W", "1 week")] == [
        hours * 3_600_000 for hours in (12, 30 * 24, 14 * 24, 7 * 24)
    ]
    for text in ("", "3", "0d", "d", "-1d", "9" * 50 + "d", "1 month"):
        with pytest.raises(MalformedInput):
            parse_span(text)
