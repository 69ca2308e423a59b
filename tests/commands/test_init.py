"""Setting up: what is asked, what is assumed, what is refused."""

import io
import sys
from pathlib import Path

import pytest

from fedretail.commands import _machine, init


def test_a_shop_is_made_and_the_next_steps_are_named(run) -> None:
    done = run("init", "--name", "Brook Farm", "--at", "48.5216,9.0576", "--hours", "24/7")
    assert done.code == 0
    assert "Your shop is set up: Brook Farm, open now" in done.err
    assert "Prices are in EUR, as this computer names no currency" in done.err
    assert "Save a copy of your key" in done.err
    for step in ("import FILE", "join TICKET", "serve"):
        assert step in done.err
    assert done.out == ""


def test_the_currency_of_the_machine_is_taken_and_said(run, monkeypatch) -> None:
    monkeypatch.setattr(_machine, "currency", lambda: "CHF")
    done = run("init", "--name", "Alpine", "--at", "46.9,7.4", "--json")
    assert "Prices are in CHF (from this computer's settings)" in done.err
    assert done.object["site"]["currency"] == "CHF"
    assert done.object["site"]["time_zone"] == "Europe/Berlin"


def test_without_hours_and_zone_it_says_how_to_add_them(run, monkeypatch) -> None:
    monkeypatch.setattr(_machine, "time_zone", lambda: None)
    done = run("init", "--name", "A", "--at", "1,1")
    assert "site set --hours" in done.err
    assert "site set --time-zone" in done.err


@pytest.mark.parametrize(
    "place", ["geo:48.5216,9.0576", "https://www.openstreetmap.org/#map=17/48.5216/9.0576"]
)
def test_a_place_may_be_pasted(run, place: str) -> None:
    done = run("init", "--name", "A", "--at", place, "--json")
    assert (done.object["site"]["lat"], done.object["site"]["lon"]) == (48.5216, 9.0576)


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ([], "init --name 'Corner Shop' --at 48.5216,9.0576"),
        (["--name", "Ada's"], "--name 'Ada'\"'\"'s' --at"),
        (["--at", "1.5,2", "--currency", "chf"], "--at 1.5,2 --currency CHF"),
    ],
)
def test_what_is_missing_is_told_with_the_whole_command(run, tmp_path, given, typed) -> None:
    done = run("init", *given)
    assert done.code == 2
    assert typed in done.err
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--at", "95,9"),
        ("--at", "here"),
        ("--hours", "whenever"),
        ("--currency", "Taler"),
        ("--time-zone", "Mars/Crater"),
        ("--name", " "),
        ("--name", "x" * 200),
    ],
)
def test_wrong_values_are_told_and_nothing_is_made(run, tmp_path, option, text) -> None:
    done = run("init", "--name", "A", "--at", "1,1", option, text)
    assert done.code == 2
    assert done.err.startswith(f"✗ {option}: ")
    assert "nvalid" not in done.err
    assert not (tmp_path / "shop").exists()


def test_a_second_shop_in_the_same_folder_is_refused(shop) -> None:
    done = shop("init", "--name", "B", "--at", "1,1")
    assert done.code == 1
    assert "already" in done.err


def test_a_reader_publishes_nothing(run) -> None:
    done = run("init", "--reader", "--at", "48.5,9.05", "--json")
    assert done.object["reader"]
    assert done.object["site"] is None
    assert run("offer", "add", "--name", "x", "--price", "1").code == 1
    assert run("search", "milk", "--within", "5km").code == 1
    assert run("init", "--reader", "--name", "x").code == 1


def test_a_reader_has_no_shop_options(run) -> None:
    assert run("init", "--reader", "--name", "x").code == 2


def test_a_person_is_asked_until_the_answers_can_be_read(run, monkeypatch) -> None:
    answers = ["Hofladen", "nowhere", "48.5,9.05", "Mo foo", "Mo-Fr 08:00-18:00", "chf"]
    monkeypatch.setattr(init, "asks_people", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    done = run("init")
    assert done.code == 0
    assert '"nowhere" is not a position' in done.err
    assert "are no opening hours" in done.err
    listed = run("site", "list", "--json").object["sites"][0]
    assert (listed["name"], listed["hours"]) == ("Hofladen", "Mo-Fr 08:00-18:00")
    assert listed["currency"] == "CHF"


def test_ctrl_d_at_a_question_ends_it(run, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(init, "asks_people", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run("init").code == 130
    assert not (tmp_path / "shop").exists()
