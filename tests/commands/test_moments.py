"""Moments of the days to come."""

from datetime import UTC, datetime

import pytest

from fedretail.commands._moments import parse_moment
from fedretail.domain.times import to_datetime, to_ms
from fedretail.errors import MalformedInput

# A Sunday.
NOW_MS = to_ms(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("18:30", "2026-11-22T18:30"),
        ("9:00", "2026-11-23T09:00"),
        ("sat 10:00", "2026-11-28T10:00"),
        ("Sunday  11:00", "2026-11-29T11:00"),
        ("sun 13:00", "2026-11-22T13:00"),
        ("today 09:00", "2026-11-22T09:00"),
        ("tomorrow 09:00", "2026-11-23T09:00"),
        ("2026-12-01 10:00", "2026-12-01T10:00"),
        ("2026-12-01", "2026-12-01T00:00"),
    ],
)
def test_what_is_meant(text: str, moment: str) -> None:
    at = to_datetime(parse_moment(text, UTC, NOW_MS))
    assert at.strftime("%Y-%m-%dT%H:%M") == moment


@pytest.mark.parametrize("text", ["", "noon", "25:00", "10:60", "xyz 10:00", "sat", "9" * 100])
def test_what_is_none(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_moment(text, UTC, NOW_MS)
