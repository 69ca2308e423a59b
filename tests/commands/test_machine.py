"""What the computer says of itself."""

import locale

import pytest

from fedretail.commands import _machine
from fedretail.domain.hours import validate_zone


def test_the_zone_of_tz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Paris")
    assert _machine.time_zone() == "Europe/Paris"


def test_a_zone_that_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    monkeypatch.setattr(_machine, "_linked", lambda: "")
    monkeypatch.setattr(_machine, "_windows", lambda: "")
    assert _machine.time_zone() is None


def test_every_windows_zone_is_known() -> None:
    for name in _machine._WINDOWS.values():
        assert validate_zone(name) == name


@pytest.mark.parametrize(("code", "read"), [("EUR ", "EUR"), ("", None), ("XXX", None)])
def test_the_currency_of_the_locale(monkeypatch, code: str, read: str | None) -> None:
    monkeypatch.setattr(locale, "localeconv", lambda: {"int_curr_symbol": code})
    assert _machine.currency() == read


def test_a_locale_that_is_not_installed_names_none(monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    before = locale.setlocale(locale.LC_MONETARY)
    assert _machine.currency() is None
    assert locale.setlocale(locale.LC_MONETARY) == before
