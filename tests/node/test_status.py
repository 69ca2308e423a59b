"""What status says, counted from what is there and from what neighbours reported."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedretail import __version__
from fedretail.domain.hours import zone_of
from fedretail.domain.ids import collection_of
from fedretail.errors import Refused
from fedretail.node.base import DAEMON, STALE_MS
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.node.status import own_heads, shop_zone
from fedretail.p2p.address import peer_id_of
from fedretail.testing.clock import ManualClock


def peer(number: int, *, has_mine: bool, last_sync_ms: int | None = 0) -> dict[str, Any]:
    return {
        "id": f"peer{number}",
        "address": "" if number else "/ip4/10.0.0.1/tcp/1",
        "since_ms": 0,
        "last_sync_ms": last_sync_ms,
        "has_mine": has_mine,
    }


Noted = Callable[..., None]


@pytest.fixture
def noted(note_daemon: Callable[[Node, Any], None]) -> Noted:
    """A daemon with neighbours of whom some have the newest prices, at this moment."""

    def noted(node: Node, *having: bool) -> None:
        peers = [peer(number, has_mine=has_mine) for number, has_mine in enumerate(having)]
        state = {"peers": peers, "own": own_heads(node), "clock_offset_ms": 7, "addresses": []}
        note_daemon(node, state)

    return noted


def test_the_object_is_as_documented(shop: Node) -> None:
    status = shop.status()
    assert status.pop("store_bytes") > 0
    assert status.pop("index_bytes") > 0
    assert status == {
        "version": __version__,
        "daemon": False,
        "members": 1,
        "sites": 1,
        "offers": 0,
        "logs": 2,
        "peers": [],
        "feed_position": shop.store.feed_end(),
        "index_lag": 0,
        "clock_offset_ms": 0,
        "signed_twice": [],
        "stopped": None,
        "damaged": 0,
        "pictures": None,
    }


def test_pictures_are_told_as_the_daemon_counts_them(
    shop: Node, note_daemon: Callable[[Node, Any], None]
) -> None:
    counts = {"pictures": 9, "picture_bytes_kept": 70_000, "pictures_waiting": 2}
    state = {"peers": [], "own": {}, "clock_offset_ms": 0, "statistics": counts}
    note_daemon(shop, state)
    assert shop.status()["pictures"] == {"kept": 9, "bytes": 70_000, "waiting": 2, "given_up": 0}


def test_peers_are_told_as_documented(shop: Node, noted: Noted) -> None:
    noted(shop, True)
    (told,) = shop.peers()
    assert told == {
        "id": "peer0",
        "address": "/ip4/10.0.0.1/tcp/1",
        "since": "1970-01-01T00:00:00Z",
        "last_sync": "1970-01-01T00:00:00Z",
        "has_mine": True,
    }
    assert shop.status()["clock_offset_ms"] == 7


@pytest.mark.parametrize(
    ("having", "sentence"),
    [
        ((), "Saved here. Sent as soon as a neighbour can be reached."),
        ((True,), "The 1 neighbour that is switched on now has your newest prices."),
        (
            (False,),
            "The 1 neighbour that is switched on now does not have your newest prices yet.",
        ),
        ((True, True, True), "All 3 neighbours that are switched on now have your newest prices."),
        ((True, False, True), "2 of 3 neighbours have your newest prices."),
        ((False, True), "1 of 2 neighbours has your newest prices."),
        ((False, False), "0 of 2 neighbours have your newest prices."),
    ],
)
def test_the_sentence(shop: Node, having: tuple[bool, ...], sentence: str, noted: Noted) -> None:
    noted(shop, *having)
    assert shop.sentence() == sentence


def test_without_a_daemon(shop: Node, clock: ManualClock, noted: Noted) -> None:
    noted(shop, True)
    clock.advance(STALE_MS + 1)
    assert shop.daemon_state() is None
    assert shop.sentence() == "Saved here. Neighbours get it when `fedretail serve` runs."
    clock.advance(-2 * STALE_MS - 2)
    assert shop.daemon_state() is None


def test_what_was_written_since_the_note_nobody_has(shop: Node, noted: Noted) -> None:
    noted(shop, True, True)
    fields = {"name": "Bread", "currency": "EUR", "prices": [[250]]}
    shop.write("offer", "bread", fields, site=shop.site())
    assert [one["has_mine"] for one in shop.peers()] == [False, False]
    assert shop.sentence() == "0 of 2 neighbours have your newest prices."
    noted(shop, True, False)
    # What stays here needs nobody else.
    shop.write("offer", "bread", {"note": "on the left"}, site=shop.site())
    assert [one["has_mine"] for one in shop.peers()] == [True, False]


def test_a_reader_has_no_prices_to_send(tmp_path: Path, noted: Noted) -> None:
    with create_reader(tmp_path / "reader", None) as reader:
        assert "News comes when `fedretail serve` runs." in reader.sentence()
        noted(reader, False, False)
        assert reader.sentence() == "2 neighbours can be reached."
        noted(reader)
        assert "as soon as a neighbour can be reached" in reader.sentence()
        assert "Saved" not in reader.sentence()
        assert reader.status()["members"] == 0
        assert own_heads(reader) == {}


def test_a_restored_copy_is_told_apart_from_a_shop_in_step(shop: Node, noted: Noted) -> None:
    noted(shop, True)
    state = shop.daemon_state()
    assert state is not None
    state["restoring"] = True
    shop.store.note(DAEMON, state)
    assert shop.sentence() == (
        "This folder is an older copy: what changed since is being fetched from neighbours; what "
        "you enter now is kept."
    )


def test_a_restored_copy_is_told_also_while_nobody_is_there(shop: Node, noted: Noted) -> None:
    shop.store.own_logs.begin_draft(shop.identity.author(), collection_of(shop.site().id))
    assert "is fetched from neighbours when `fedretail serve` runs; what you" in shop.sentence()
    noted(shop)
    assert "is fetched as soon as a neighbour can be reached; what you" in shop.sentence()


def test_of_two_copies_the_other_one_comes_first(shop: Node) -> None:
    shop.store.own_logs.stop("neighbours have met both")
    said = shop.sentence()
    assert shop.status()["stopped"] == "neighbours have met both"
    assert said.index("`fedretail --data-dir … serve --as copy`") < said.index("--as original")
    with pytest.raises(Refused) as caught:
        shop.set_member({"town": "Here"})
    assert said == f"{caught.value.message}\n{caught.value.hint}"


def test_sites_that_are_not_their_owners_are_not_counted(shop: Node) -> None:
    own = shop.site()
    for key in ("bbbbbbbbbbbbbbbb", "cccccccccccccccc"):
        shop.write("site", key, {"name": "Invented", "nonce": b"x"}, site=own)
    assert shop.status()["sites"] == 1


def test_a_neighbour_is_called_by_its_name(shop: Node) -> None:
    assert shop.neighbour_name(shop.identity.peer_id) == shop.member()["name"]
    assert shop.neighbour_name(peer_id_of(bytes(32))) == ""
    assert shop.neighbour_name("nobody") == ""


def test_a_zone_that_this_computer_does_not_know_is_as_none(
    shop: Node, note_daemon: Callable[[Node, Any], None]
) -> None:
    # As another machine of the shop may write that has a newer list of them.
    shop.set_site(shop.site(), {"time_zone": "Mars/Olympus"})
    assert shop_zone(shop) == zone_of("", at_ms=shop.clock.now_ms())
    state = {"peers": [peer(0, has_mine=True)], "own": own_heads(shop), "clock_offset_ms": 0}
    note_daemon(shop, {**state, "all_since_ms": shop.clock.now_ms()})
    assert "(" not in shop.sentence()


def test_since_when_says_the_zone_where_this_computer_has_another(
    shop: Node, note_daemon: Callable[[Node, Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("Windows has no TZ")
    shop.set_site(shop.site(), {"time_zone": "Europe/Berlin"})
    state = {"peers": [peer(0, has_mine=True)], "own": own_heads(shop), "clock_offset_ms": 0}
    note_daemon(shop, {**state, "all_since_ms": shop.clock.now_ms()})
    try:
        for zone, is_told in (("Europe/Berlin", False), ("Asia/Tokyo", True)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert ("(Europe/Berlin)." in shop.sentence()) is is_told
    finally:
        monkeypatch.undo()
        time.tzset()
