"""Status, neighbours, checks, keys, tickets: what a running shop needs now and then."""

import json
import os
import stat
from pathlib import Path

import click
import pytest

from fedretail.commands import peers, status, ticket


def test_status_opens_with_the_sentence(shop) -> None:
    done = shop("status")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first.startswith("○ Saved here.")
    assert "3 offers of 1 shop · 0 neighbours · search index up to date · store" in second
    assert shop("status", "--json").object["offers"] == 3


def test_status_of_a_late_index_and_a_wrong_clock(shop, monkeypatch) -> None:
    from fedretail.node.node import Node

    told = shop("status", "--json").object | {"index_lag": 4200, "clock_offset_ms": -600_000}
    monkeypatch.setattr(Node, "status", lambda _: told)
    done = shop("status")
    assert "4,200 changes to index" in done.out
    assert "This computer's clock is 10 minutes off." in done.err


def test_an_empty_shop_is_told_so(run) -> None:
    run("init", "--name", "A", "--at", "1,1")
    assert "There are no offers here." in run("status").err


def test_of_two_copies_status_and_check_say_what_to_do_and_where(shop, tmp_path: Path) -> None:
    from fedretail.node.node import Node

    with Node.open(tmp_path / "shop") as node:
        node.store.own_logs.stop("neighbours have met both")
    here = f"`fedretail --data-dir {tmp_path / 'shop'} serve --as original`"
    for said in (shop("status").out, shop("check").err, shop("site", "set", "--name", "X").err):
        assert said.index("`fedretail --data-dir … serve --as copy`") < said.index(here)
    for command in ("status", "check"):
        assert shop(command, "--json").object["stopped"] == "neighbours have met both"


PEER = {
    "id": "12D3KooW",
    "address": "/ip4/192.168.1.21/tcp/4001",
    "since": "2026-11-21T09:00:00Z",
    "last_sync": None,
    "has_mine": False,
}


def test_over_own_damage_nothing_is_on_the_way_and_the_way_out_is_told(
    shop, tmp_path: Path, monkeypatch
) -> None:
    from fedretail.crdt.names import log_id
    from fedretail.node.node import Node

    with Node.open(tmp_path / "shop") as node:
        node.store.repairs.set_damaged([log_id(name) for _, name, _ in node.store.heads()])
    assert "serve --as original`: it goes on with" in shop("status").out
    told = shop("status", "--json").object | {"daemon": True, "peers": [PEER]}
    monkeypatch.setattr(Node, "status", lambda _: told)
    assert shop("peers").out.split("\t")[1] == "your newest prices wait for repair"


def test_peers_are_listed(shop, monkeypatch) -> None:
    from fedretail.node.node import Node

    told = shop("status", "--json").object | {"daemon": True, "peers": [PEER]}
    monkeypatch.setattr(Node, "status", lambda _: told)
    cells = shop("peers").out.rstrip("\n").split("\t")
    assert cells[:2] == ["a new neighbour", "your newest prices are on the way"]
    assert cells[3:] == ["never", "/ip4/192.168.1.21/tcp/4001", "12D3KooW"]
    assert shop("peers", "--json").object == {"peers": [PEER]}
    # All that it has signed would be here by now: it is no shop.
    told["peers"] = [PEER | {"last_sync": "2026-11-21T10:12:00Z"}]
    assert shop("peers").out.startswith("who only reads\t")


def test_a_reader_has_nothing_to_import_and_no_prices(run, monkeypatch) -> None:
    from fedretail.node.node import Node

    run("init", "--reader", "--at", "1,1")
    for words in (("status",), ("search", "milk")):
        done = run(*words)
        assert "join TICKET" in done.err
        assert "import" not in done.err
    told = run("status", "--json").object | {"daemon": True, "peers": [PEER]}
    monkeypatch.setattr(Node, "status", lambda _: told)
    assert run("peers").out.startswith("a new neighbour\t\t")
    # Nobody can have the prices of a computer that has none: a heading would ask for them.
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    table = click.unstyle(run("peers").out)
    assert table.split("\n")[0].split() == ["Neighbour", "On", "since", "Last", "heard"]
    assert "prices" not in table


@pytest.mark.parametrize("columns", ["58", "80"])
def test_who_has_the_newest_prices_is_said_also_where_no_heading_stands(
    shop, columns: str, monkeypatch
) -> None:
    from fedretail.node.node import Node

    peers = [PEER, PEER | {"has_mine": True}]
    told = shop("status", "--json").object | {"daemon": True, "peers": peers}
    monkeypatch.setattr(Node, "status", lambda _: told)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    table = shop("peers").out
    assert "your newest prices are on the way" in table
    assert "has your newest prices" in table


def test_without_a_daemon_nobody_is_there(shop) -> None:
    done = shop("peers")
    assert (done.code, done.out) == (0, "")
    assert "serve" in done.err


def test_check_finds_nothing_wrong(shop) -> None:
    done = shop("check")
    assert done.code == 0
    assert "✓ All is whole" in done.err
    assert shop("check", "--json").object["problems"] == []


def test_check_of_changed_rows_is_1(shop, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop" / "store.db") as store:
        store.execute("UPDATE log SET count = count + 1")
    done = shop("check", "--json")
    assert done.code == 1
    assert done.object["problems"][0]["what"]
    assert "found" in done.err


def test_reindex(shop) -> None:
    assert shop("reindex", "--json").object == {"offers": 3}
    assert shop("search", "milk").code == 0


def test_keys_are_shown_without_their_secrets(shop, tmp_path: Path) -> None:
    shown = shop("keys", "show", "--json")
    secret = json.loads((tmp_path / "shop" / "keys").read_text("utf-8"))
    for command in (("keys", "show"), ("status", "--json"), ("export", "--mine")):
        said = shop(*command)
        for seed in (secret["root_seed"], secret["device_seed"]):
            assert seed not in said.out + said.err
    assert not shown.object["backed_up"]
    assert "Save a copy" in shop("keys", "show").err


def test_a_copy_of_the_keys(shop, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shop("keys", "backup").code == 0
    copy = tmp_path / "fedretail-keys.backup"
    if os.name != "nt":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert shop("keys", "backup").code == 1
    (tmp_path / "stick").mkdir()
    assert shop("keys", "backup", tmp_path / "stick").code == 0
    assert (tmp_path / "stick" / "fedretail-keys.backup").exists()
    assert shop("keys", "show", "--json").object["backed_up"]
    assert shop("keys", "backup", tmp_path / "no" / "where").code == 1


def test_no_ticket_without_anybody_who_answers(shop, monkeypatch) -> None:
    monkeypatch.setattr(ticket, "_BEGIN_S", 0.0)
    done = shop("ticket")
    assert (done.code, done.out) == (1, "")
    assert "shop serve` first" in done.err


@pytest.fixture
def listening(shop, tmp_path: Path):
    """A shop that listens at an address of its settings."""
    config = tmp_path / "shop" / "config.toml"
    config.write_text('listen = ["/ip4/127.0.0.1/tcp/4001"]\n', "utf-8")
    return shop


def test_the_ticket_stands_alone_and_leads_to_the_network(listening, run_in, tmp_path) -> None:
    ticket = listening("ticket")
    assert ticket.err == ""
    assert listening("ticket", "--json").object == {"ticket": ticket.out.strip()}
    other = tmp_path / "other"
    run_in(other, "init", "--name", "B", "--at", "1,1")
    joined = run_in(other, "join", ticket.out.strip(), "--json")
    assert joined.object["addresses"] == 1
    assert not joined.object["already"]
    assert "Meet them" in joined.err
    assert run_in(other, "join", ticket.out.strip(), "--json").object["already"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_holds_the_ticket_will_do(listening, run_in, tmp_path, encoding: str) -> None:
    # As an editor or PowerShell's > writes it.
    file, other = tmp_path / "ticket.txt", tmp_path / "other"
    file.write_text(listening("ticket").out, encoding=encoding)
    run_in(other, "init", "--name", "B", "--at", "1,1")
    assert run_in(other, "join", file, "--json").object["addresses"] == 1


def test_a_file_that_holds_no_ticket_is_told(shop, tmp_path) -> None:
    file = tmp_path / "ticket.txt"
    for raw in (b"", b"\xff\x00", b"fr1-" + b"a" * 100_000):
        file.write_bytes(raw)
        done = shop("join", file)
        assert (done.code, len(done.err.splitlines()) <= 3) == (1, True)
    assert shop("join", tmp_path).code == 2


@pytest.mark.parametrize("ticket", ["", "garbage", "fr1-", "fr1-aaaa-bbbb", "fr1-" + "a" * 5000])
def test_what_is_no_ticket_is_told(shop, ticket: str) -> None:
    done = shop("join", ticket)
    assert done.code == 1
    assert len(done.err.splitlines()) <= 3


def test_every_line_has_words(shop) -> None:
    assert status._counts(shop("status", "--json").object)
    assert peers._when(None, 0) == "never"


@pytest.mark.parametrize(
    "arguments",
    [("search", "x"), ("status",), ("export",), ("site", "list"), ("ticket",), ("check",)],
)
def test_without_a_shop_every_command_says_how_to_begin(run, arguments) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (1, "")
    assert "init" in done.err
