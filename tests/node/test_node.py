"""The facade: sites, the generic door, search, and many nodes on one folder."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedretail.domain.geo import Position
from fedretail.errors import Refused, Unavailable, UsageError
from fedretail.index.query import Query
from fedretail.node.clocks import MAX_CORRECTED_MS, TOLERATED_MS, CorrectedClock
from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import HERE, new_shop, seqs, written

BREAD: dict[str, Any] = {"name": "Rye bread", "currency": "EUR", "prices": [[350]]}


def found(node: Node, words: str, **more: Any) -> list[str]:
    page = node.search(Query(words=words, near=node.position, **more))
    return [one.offer for one in page.results]


def test_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Node.open(tmp_path / "nothing")
    assert caught.value.hint == "Start with `fedretail init`."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="counts open files as Unix does")
def test_a_node_that_cannot_be_opened_keeps_nothing_open(tmp_path: Path) -> None:
    new_shop(tmp_path / "shop").close()
    (tmp_path / "shop" / "keys").write_text("damaged", encoding="utf-8")
    folder = Path("/proc/self/fd") if sys.platform == "linux" else Path("/dev/fd")
    before = len(list(folder.iterdir()))
    for _ in range(5):
        with pytest.raises(Exception, match="damaged"):
            Node.open(tmp_path / "shop")
    assert len(list(folder.iterdir())) == before


# --- sites ---


def test_the_site_that_is_meant(shop: Node) -> None:
    first = shop.site()
    assert shop.site(None) == shop.site(first.id) == shop.site("Village shop") == first
    with pytest.raises(UsageError, match="no site 'Market'") as caught:
        shop.site("Market")
    assert first.id in caught.value.hint
    second = shop.add_site("Market", Position(-1.5, 179.99), time_zone="Pacific/Fiji")
    assert shop.site("Market") == second
    assert {one.id for one in shop.sites()} == {first.id, second.id}
    with pytest.raises(UsageError, match="Which site") as caught:
        shop.site()
    assert "Market" in caught.value.hint
    third = shop.add_site("Market", HERE)
    with pytest.raises(UsageError, match="Which site"):
        shop.site("Market")
    assert shop.site(third.id) == third


def test_the_first_site_stands_for_all(shop: Node, clock: ManualClock) -> None:
    for number in range(6):
        clock.advance(1000)
        where = Position(10.0 + number, 10.0)
        shop.add_site(f"Stall {number}", where, currency="CHF")
    assert [one.name for one in shop.sites()] == [
        "Village shop", *(f"Stall {number}" for number in range(6)),
    ]  # fmt: skip
    assert (shop.position, shop.currency) == (HERE, "EUR")
    shop.set_site(shop.site("Stall 3"), {"name": "Stall of old"})
    assert shop.sites()[4].name == "Stall of old"


def test_a_site_that_moves_takes_its_offers_along(shop: Node) -> None:
    site = shop.site()
    shop.write("offer", "bread", BREAD, site=site)
    far = Position(0.0, 0.0)
    (before,) = shop.search(Query(words="bread", near=far)).results
    assert before.distance_m is not None
    assert before.distance_m > 1_000_000
    head = shop.store.heads()[-1]
    assert shop.set_site(site, {"lat_e7": 0, "lon_e7": 0, "name": "Moved"})
    assert shop.search(Query(words="bread", near=far)).results[0].distance_m == 0
    assert shop.site("Moved").site.position == far == shop.position
    assert shop.store.heads()[-1] != head
    places = seqs(shop)
    assert not shop.set_site(shop.site(), {"name": "Moved"})
    assert seqs(shop) == places


def test_what_a_member_says_of_itself(shop: Node) -> None:
    assert shop.set_member({"name": "Miller", "imprint": {"legal_name": "Miller & Co"}})
    assert not shop.set_member({"name": "Miller"})
    assert shop.member()["imprint"] == {"legal_name": "Miller & Co"}
    with pytest.raises(UsageError, match="colour"):
        shop.set_member({"colour": "green"})


# --- the generic door ---


def test_write_and_remove(shop: Node) -> None:
    site = shop.site()
    place = shop.place("offer", "bread", site)
    assert shop.write("offer", "bread", {**BREAD, "cost": 120}, site=site)
    before = written(shop)
    assert not shop.write("offer", "bread", {**BREAD, "cost": 120, "brand": None}, site=site)
    assert written(shop) == before
    assert "cost" not in shop.record(place).fields
    assert shop.store.own(place) == {"cost": 120}
    assert found(shop, "bread") == [f"{site.id}/bread"]
    assert shop.remove("offer", "bread", site=site)
    assert not shop.remove("offer", "bread", site=site)
    assert shop.record(place) is None
    assert shop.store.own(place) == {}
    assert found(shop, "bread") == []
    assert shop.write("offer", "bread", BREAD, site=site)
    assert shop.show(f"{site.id}/bread").amount_minor == 350


@pytest.mark.parametrize("fields", [{"nmae": "Bread"}, {"!": True}])
def test_a_slip_in_a_name_publishes_nothing(shop: Node, fields: dict[str, Any]) -> None:
    before = written(shop)
    with pytest.raises(UsageError):
        shop.write("offer", "bread", fields, site=shop.site())
    assert written(shop) == before


def test_several_sites_have_offers_of_their_own(shop: Node) -> None:
    near, far = shop.site(), shop.add_site("Stall", Position(48.6, 9.05))
    shop.write("offer", "bread", BREAD, site=far)
    shop.write("offer", "bread", {**BREAD, "prices": [[300]]}, site=near)
    assert found(shop, "bread", sort="nearest") == [f"{near.id}/bread", f"{far.id}/bread"]
    shop.remove("offer", "bread", site=near)
    assert found(shop, "bread") == [f"{far.id}/bread"]


# --- search, check, reindex ---


def test_the_index_can_be_thrown_away(shop: Node, clock: ManualClock) -> None:
    shop.write("offer", "bread", BREAD, site=shop.site())
    assert len(found(shop, "bread")) == 1
    shop.close()
    for file in shop.path.glob("index.db*"):
        file.unlink()
    with Node.open(shop.path, clock=clock) as again:
        assert len(found(again, "bread")) == 1
        told: list[tuple[int, int]] = []
        assert again.reindex(lambda *at: told.append(at)) == 1
        assert told[-1][0] == told[-1][1]


def test_check_tells_where_something_is_wrong(shop: Node) -> None:
    shop.write("offer", "bread", BREAD, site=shop.site())
    places: list[str] = []
    assert all(problems == [] for _, problems in shop.check(places.append))
    assert places == ["store.db", "member", f"site/{shop.site().id}"]
    shop.store._write.execute("UPDATE row SET row = x'93010190' WHERE key = 'bread'")
    assert sum(len(problems) for _, problems in shop.check()) > 0


def test_prices_open_and_close_by_the_neighbours_clock(
    shop: Node, clock: ManualClock, note_daemon: Callable[[Node, Any], None]
) -> None:
    ends_ms = clock.now_ms() + 60_000
    shop.write(
        "offer", "bread", {**BREAD, "prices": [[99, None, ends_ms], [350]]}, site=shop.site()
    )
    site = shop.site().id

    def price(offset_ms: int) -> int | None:
        state = {"peers": [], "own": {}, "clock_offset_ms": offset_ms, "addresses": []}
        note_daemon(shop, state)
        (one,) = shop.search(Query(words="bread")).results
        shown = shop.show(f"{site}/bread")
        assert shown is not None
        assert shown.amount_minor == one.amount_minor
        return one.amount_minor

    assert price(0) == 99
    assert price(TOLERATED_MS) == 99
    assert price(TOLERATED_MS + 1) == 350
    assert price(-3_600_000) == 99


def test_the_corrected_clock(clock: ManualClock) -> None:
    corrected = CorrectedClock(clock)
    day_ms = MAX_CORRECTED_MS
    for offset_ms, shift_ms in (
        (0, 0),
        (-TOLERATED_MS, 0),
        (-200_000, -200_000),
        (day_ms, day_ms),
        (day_ms + 1, 0),
        (-(1 << 53), 0),
    ):
        corrected.offset_ms = offset_ms
        assert corrected.now_ms() == clock.now_ms() + shift_ms


# --- many at once ---


def test_a_node_in_many_threads(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    with new_shop(tmp_path / "shop") as node:
        site = node.site()

        def work(number: int) -> None:
            try:
                for n in range(10):
                    fields = {**BREAD, "name": f"Rye bread {number} {n}"}
                    node.write("offer", f"{number}-{n}", fields, site=site)
                    found(node, "rye")
                    node.show(f"{site.id}/{number}-{n}")
            except BaseException as error:  # noqa: BLE001 - told by the test
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(found(node, "rye", limit=100)) == 40
        assert not [problems for _, problems in node.check() if problems]


def test_an_edit_through_one_node_is_seen_by_another(shop: Node, clock: ManualClock) -> None:
    with Node.open(shop.path, clock=clock) as other:
        shop.write("offer", "bread", BREAD, site=shop.site())
        assert len(found(other, "bread")) == 1
        other.write("offer", "bread", {"prices": [[300]]}, site=other.site())
        assert shop.show(f"{shop.site().id}/bread").amount_minor == 300


@pytest.mark.skipif(sys.platform == "win32", reason="sets Unix rights")
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may write all")
def test_a_store_that_cannot_be_written_says_so(shop: Node) -> None:
    for file in shop.path.iterdir():
        file.chmod(0o400)
    shop.path.chmod(0o500)
    try:
        with Node.open(shop.path) as closed, pytest.raises((Refused, Unavailable)):
            closed.write("offer", "bread", BREAD, site=closed.site())
    finally:
        shop.path.chmod(0o700)


def test_records_go_where_their_kind_belongs(shop: Node) -> None:
    assert shop.place("member", "self").collection == "member"
    assert shop.place("offer", "bread") == shop.place("offer", "bread", shop.site())
    assert shop.write("offer", "bread", BREAD)
    assert shop.write("member", "self", {"town": "Tübingen"})
    assert shop.member()["town"] == "Tübingen"
    assert shop.remove("offer", "bread")
    with pytest.raises(UsageError, match="no kind of record"):
        shop.write("spaceship", "x", {})
