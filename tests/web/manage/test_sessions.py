"""Who is signed in stays so when the daemon ends and comes again, and nobody else is then."""

import errno
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.node.entrance import digest
from fedretail.web.manage import kept
from fedretail.web.manage.sessions import IDLE_MS, Sessions

MINUTE = 60_000


@pytest.fixture
def again(office, browsers):
    """A browser with all cookies of the first one, and a daemon that has begun anew."""

    def made():
        # Another application of the same shop: the first has had its day.
        later = browsers(of=office.node)
        for name, value in office.client.cookies.items():
            later.client.cookies.set(name, value, domain="127.0.0.1", path="/manage")
        return later

    return made


def cookie_of(browser) -> str:
    (value,) = browser.client.cookies.values()
    return str(value)


def test_a_new_daemon_throws_nobody_out_of_a_form(office, again) -> None:
    form = office.form
    later = again()
    said = {"form": form, "colour": "3"}
    assert later.client.post("/manage/settings/colour", data=said).status_code == 200
    assert office.node.site().site.colour == 3
    # Of another session it is no form.
    said = {"form": digest(form), "colour": "4"}
    assert later.client.post("/manage/settings/colour", data=said).status_code == 403


def test_who_has_signed_out_is_so_for_the_next_daemon(office, again) -> None:
    later = again()
    assert office.post("/sign-out").status_code == 200
    assert not (office.node.path / kept.FILE).exists()
    cookies = dict(later.client.cookies)
    newest = again()
    for name, value in cookies.items():
        newest.client.cookies.set(name, value, domain="127.0.0.1", path="/manage")
    assert newest.get().status_code == 401


def test_half_a_day_counts_through_a_new_daemon(office, again, clock) -> None:
    assert office.get().status_code == 200
    clock.advance(IDLE_MS)
    assert again().get().status_code == 200
    clock.advance(IDLE_MS + MINUTE)
    assert again().get().status_code == 401


def test_whoever_worked_all_day_is_not_counted_from_the_morning(office, again, clock) -> None:
    for _ in range(4):
        clock.advance(IDLE_MS // 2)
        assert office.get().status_code == 200
    clock.advance(IDLE_MS - MINUTE)
    assert again().get().status_code == 200


def test_the_file_opens_nothing(office, again, browsers) -> None:
    path, form = office.node.path / kept.FILE, office.form
    cookie, text = cookie_of(office), path.read_text()
    assert list(json.loads(text)) == [digest(cookie)]
    assert cookie not in text
    assert form not in text
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    thief = browsers(of=office.node)
    name = next(iter(office.client.cookies))
    for guess in (digest(cookie), text, ""):
        thief.client.cookies.set(name, guess.replace('"', ""), domain="127.0.0.1", path="/manage")
        assert thief.get().status_code == 401


def test_few_are_kept(farm, clock) -> None:
    sessions = Sessions(clock, lambda _: True)
    sessions.keep_in(farm.path)
    cookies = []
    for _ in range(12):
        clock.advance(1)
        cookies.append(sessions.sign_in(""))
    assert len(json.loads((farm.path / kept.FILE).read_text())) == 8
    later = Sessions(clock, lambda _: True)
    later.keep_in(farm.path)
    assert [later.find(one) is not None for one in cookies] == [False] * 4 + [True] * 8


def test_who_was_signed_in_before_there_was_a_shop_stays_so(farm, clock) -> None:
    first = Sessions(clock, lambda _: True)
    cookie = first.sign_in("")
    first.keep_in(farm.path)
    assert first.find(cookie)
    later = Sessions(clock, lambda _: True)
    later.keep_in(farm.path)
    assert later.find(cookie)


def test_a_sign_out_that_finds_no_room_takes_the_file_away(farm, clock, monkeypatch) -> None:
    sessions = Sessions(clock, lambda _: True)
    sessions.keep_in(farm.path)
    first, second = sessions.sign_in(""), sessions.sign_in("")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "whole_file", full)
    sessions.end(sessions.find(first))
    assert sessions.find(first) is None
    assert sessions.find(second)
    assert not (farm.path / kept.FILE).exists()
    # Nobody is kept from signing in.
    assert sessions.find(sessions.sign_in(""))


@given(st.binary(max_size=300) | st.sampled_from([b"[" * 4000, b'{"a": 1}', b"{}", b"null"]))
def test_a_damaged_file_lets_nobody_in(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("kept") / kept.FILE
    path.write_bytes(content)
    assert kept.load(path) == []


@given(st.dictionaries(st.binary(max_size=9), st.integers(0, 10**14), max_size=8))
def test_what_is_kept_comes_back(tmp_path_factory, seen) -> None:
    path = tmp_path_factory.mktemp("kept") / kept.FILE
    sessions = [(digest(name.hex()), at_ms) for name, at_ms in seen.items()]
    kept.save(path, sessions)
    assert kept.load(path) == sessions
    assert path.exists() == bool(sessions)
