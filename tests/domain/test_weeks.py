"""Hours by weekday: what a form shows is what is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.hours import parse_hours
from fedretail.domain.weeks import DAYS, parse_times, read_week, write_week
from fedretail.errors import MalformedInput

TIMES = st.sampled_from(["", "08:00-18:30", "08:00-13:00, 14:00-18:00", "20:00-02:00"])


@given(st.fixed_dictionaries(dict.fromkeys(DAYS, TIMES)))
def test_there_and_back(week: dict[str, str]) -> None:
    text = write_week(week)
    assert read_week(text) == week
    if text is not None:
        assert parse_hours(text) == text


def test_as_people_write_it() -> None:
    assert parse_times("8-13, 14.30 - 18") == "08:00-13:00, 14:30-18:00"
    week = read_week("Mo-Fr 08:00-18:30; Sa 08:00-13:00; Fr off")
    assert week is not None
    assert (week["Mo"], week["Fr"], week["Sa"], week["Su"]) == (
        "08:00-18:30",
        "",
        "08:00-13:00",
        "",
    )
    assert write_week(week) == "Mo-Th 08:00-18:30; Sa 08:00-13:00"
    assert read_week(None) == dict.fromkeys(DAYS, "")


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("8.00 - 13.00 Uhr", "08:00-13:00"), ("8-12 und 14-18 Uhr", "08:00-12:00, 14:00-18:00"),
        ("8 Uhr bis 18:30 Uhr", "08:00-18:30"), ("9 to 17:30 and 18-2", "09:00-17:30, 18:00-02:00"),
        ("8\u00a0–\u00a012 / 14—18", "08:00-12:00, 14:00-18:00"), ("Geschlossen", ""),
        ("closed", ""), (" - ", ""),
    ],
)  # fmt: skip
def test_as_it_stands_on_doors(text: str, times: str) -> None:
    assert parse_times(text) == times


MINUTES = st.integers(0, 23 * 60 + 59)


@given(MINUTES, MINUTES)
def test_what_is_stored_may_be_typed_again(begin: int, end: int) -> None:
    """As the form of a shop's hours does that is saved unchanged; bars are open until the night."""
    times = [f"{at // 60:02}:{at % 60:02}" for at in (begin, end)]
    if begin != end:
        assert parse_times("-".join(times)) == "-".join(times)


@pytest.mark.parametrize("text", ["PH off", "Apr-Oct Mo 08:00-12:00", "24/7", "Mo 08:00+"])
def test_what_no_form_shows_stays_text(text: str) -> None:
    assert read_week(text) is None


@pytest.mark.parametrize(
    "text",
    ["8", "8-8", "25-26", "08:00-24:30", "soon", "08:0٣-12", "9-5", "9-5:30", "9:00-5:00", "11-2"],
)
def test_what_are_no_times(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_times(text)


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    read_week(text)
    try:
        parse_times(text)
    except MalformedInput:
        pass
