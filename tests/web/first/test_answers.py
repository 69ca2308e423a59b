"""Answers: whatever is typed is told or taken, and never stumbled over."""

import sys
import zoneinfo
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.node.first_run import FirstRun
from fedretail.testing.clock import ManualClock
from fedretail.web.first.answers import (
    FIELDS,
    STEPS,
    Machine,
    Money,
    faults,
    offers_of,
    shop_of,
)
from fedretail.web.first.look import look_of
from fedretail.web.first.making import columns_of


@pytest.fixture
def no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer that lacks the data of all time zones, UTC too, as Windows does."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


MACHINE = Machine("EUR", "Europe/Berlin")
TYPED = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["8-18", "0-24", "48.5,9", "geo:1,1", "1,29", "500 g", "6 x 0,33 l", "12", "Eggs", "own",
         "3", "Europe/Berlin", "EUR", "JPY", "fr1-"]
    ),
)  # fmt: skip
NAMES = [name for fields in FIELDS.values() for name in fields]


def said(text: str, **values: object) -> str:
    return text % values if values else text


@example({"columns": "0"})
@example({"columns": '{"Name": ["name"]}'})
@example({"columns": "[" * 100_000})
@given(st.dictionaries(st.sampled_from([*NAMES, "samples", "columns", "step"]), TYPED))
def test_any_answers_are_told_or_taken(answers: dict[str, str]) -> None:
    money = Money("EUR", "1.29")
    found = {step: faults(step, answers, said, money) for step in STEPS}
    assert all(name in FIELDS[step] for step in STEPS for name in found[step])
    look_of(answers, MACHINE, None, language="de", now_ms=0)
    columns_of(answers)
    if answers.get("currency", "EUR") == "EUR" and not any(found.values()):
        shop = shop_of(answers, MACHINE)
        assert shop.name
        typed = [row for row in range(1, 6) if answers.get(f"offer{row}", "").strip()]
        assert len(offers_of(answers, shop.currency, 0)) <= len(typed)


def test_the_card_is_drawn_where_no_zone_is_known(no_zones) -> None:
    answers = {"name": "Corner", "mo": "8-18"}
    look = look_of(answers, MACHINE, None, language="en", now_ms=0)
    assert (look.name, look.opening.text) == ("Corner", "hours unknown")


def test_a_price_of_two_readings_is_asked_about() -> None:
    typed = {"offer1": "Eggs", "price1": "1,999", "offer2": "Milk", "price2": "dear"}
    found = faults("prices", typed, said, Money("EUR", "1,29"))
    assert found["price1"] == "Write 1999 or 1,99: this may be either"
    assert found["price2"] == "A price such as 1,29"


@given(st.binary(max_size=200))
def test_a_damaged_file_of_answers_is_no_answer(tmp_path_factory, content: bytes) -> None:
    first = FirstRun(tmp_path_factory.mktemp("home") / "shop", ManualClock())
    first.begin()
    (first.path / "answers.json").write_bytes(content)
    (first.path / "link.json").write_bytes(content)
    (first.path / "pages.json").write_bytes(content)
    assert isinstance(first.answers(), dict)
    assert not first.take_link("x")
    first.keep({"name": "Brook Farm"})
    assert first.answers()["name"] == "Brook Farm"
