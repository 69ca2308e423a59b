"""Stores that are damaged: what can be done is said, and no command sends to itself."""

import sqlite3
from pathlib import Path

import pytest

from fedretail.node.node import Node


@pytest.fixture
def store(shop, tmp_path: Path) -> Path:
    """The store of a shop at rest, all in one file."""
    Node.open(tmp_path / "shop").close()
    return tmp_path / "shop" / "store.db"


def cut(store: Path) -> None:
    data = store.read_bytes()
    store.write_bytes(data[: len(data) // 2])


DAMAGE = {
    "cut short": cut,
    "empty": lambda store: store.write_bytes(b""),
    "written over": lambda store: store.write_bytes(b"no store at all " * 4096),
    "lost": Path.unlink,
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("command", ["check", "status"])
def test_a_store_that_cannot_be_read_any_more(run, store: Path, how: str, command: str) -> None:
    DAMAGE[how](store)
    done = run(command)
    assert done.code == 1
    assert ("is damaged" in done.err) is (how != "lost")
    assert "Put an earlier copy in its place, then `fedretail --data-dir " in done.err
    assert "`fedretail --data-dir NEW init`, and import your lists there." in done.err
    assert " check`" not in done.err
    assert "another --data-dir" not in done.err


def test_another_programs_file_is_told_as_such(run, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "store.db").write_bytes(b"")
    assert "is not a store of fedretail" in run("status").err


def test_check_says_whose_log_is_damaged_and_what_mends_it(run, store: Path) -> None:
    with sqlite3.connect(store) as db:
        db.execute("UPDATE log SET count = count + 1")
    done = run("check")
    assert done.code == 1
    member = run("keys", "show", "--json").object["member"]
    assert f"Brook Farm, member of {member}: " in done.err
    assert "check --repair` has neighbours mend" in done.err
    assert "check --repair`" not in run("check", "--repair").err


def test_the_same_line_is_told_once(run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fedretail.store.check import Problem

    twice = [Problem("store.db", "row 7 is missing from index x")] * 2
    monkeypatch.setattr(Node, "check", lambda _: iter([("store.db", twice)]))
    done = run("check")
    assert done.err.count("row 7 is missing") == 1
    assert "The file itself is damaged." in done.err
    assert len(run("check", "--json").object["problems"]) == 2
