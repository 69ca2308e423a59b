"""From a list that names a picture to the screen of a neighbour, with real TLS and real daemons."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fedretail.daemon import own_pictures, pictures, shown_pictures
from fedretail.daemon.daemon import Daemon
from fedretail.daemon.own_pictures import OwnPictureWork
from fedretail.domain.catalog import Offer
from fedretail.domain.pictures import for_card, for_page, parse_webp
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.node.own_pictures import NOTES
from fedretail.node.undo import find, undo
from fedretail.pictures.fetching import fetch
from fedretail.testing.daemons import serving, until
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import write_prices
from fedretail.testing.tls import TlsServer

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("trusted", "quick")]


@pytest.fixture(scope="module")
def jar() -> bytes:
    """A picture as a shop's website has it; drawn in a test, never in the daemon."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((1200, 900), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long waits, and addresses of this computer may be reached; all else is as it is."""
    monkeypatch.setattr(own_pictures, "_LOOK_S", 0.05)
    monkeypatch.setattr(own_pictures, "POLITE_S", 0.0)
    monkeypatch.setattr(shown_pictures, "_LOOK_S", 0.05)
    here = partial(fetch, may_reach=lambda place: True)
    monkeypatch.setattr(pictures, "OwnPictureWork", partial(OwnPictureWork, get=here))


def read_list(node: Node, path: Path, rows: list[tuple[str, str]]) -> None:
    """Import a list of (SKU, address of a picture)."""
    write_prices(
        path, [(key, f"Jar {key}", "2.50", url) for key, url in rows],
        headings=("SKU", "Name", "Price", "Image"),
    )  # fmt: skip
    node.import_file(path, ImportOptions(site=node.site()))


def offer(node: Node, key: str, of: Node | None = None) -> Offer:
    of = of or node
    found = node.record(of.place("offer", key, of.site()))
    return Offer.from_fields(found.fields if found else {})


def paths(server: TlsServer) -> list[bytes]:
    return [head.split(b" ")[1] for head in server.requests]


def _has_given_up(daemon: Daemon, number: int) -> bool:
    return daemon.statistics().get("pictures_given_up") == number


async def test_from_the_list_to_a_neighbours_screen(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path, jar: bytes
) -> None:
    one, two = shops("one"), shops("two")
    async with server.running():
        url = server.serve("/jar.jpg", jar)
        read_list(one, tmp_path / "list.csv", [("A", url), ("B", url), ("C", "")])
        async with serving(Daemon(one)) as (told, _):
            await until(lambda: offer(one, "A").pictures and offer(one, "B").pictures)
            assert paths(server) == [b"/jar.jpg"]
            assert offer(one, "C").pictures == ()
            sizes = offer(one, "A").pictures
            card, page = for_card(sizes), for_page(sizes)
            assert card
            assert page
            assert card.size_bytes < page.size_bytes
            two.join(told[0].ticket)
            daemon = Daemon(two)
            async with serving(daemon):
                await until(lambda: offer(two, "A", one).pictures == sizes)
                # A page is looked at: the drawing stands there, then the picture.
                assert two.pictures.shown(sizes) is None
                await until(lambda: two.pictures.shown(sizes) == card)
                data = two.pictures.read(card.hash)
                assert data is not None
                assert parse_webp(data) == (card.width, card.height)
                assert not two.pictures.blobs.is_own(card.hash)
                # Alone on a page the larger one is wanted; the card stands in for it meanwhile.
                assert two.pictures.shown(sizes, is_large=True) == card
                await until(lambda: two.pictures.shown(sizes, is_large=True) == page)
                assert daemon.statistics()["pictures_fetched_total"] == 2
    assert paths(server) == [b"/jar.jpg"]


async def test_what_lies_near_comes_before_anybody_looks(
    memory: MemoryNetwork,
    shops: Any,
    server: TlsServer,
    tmp_path: Path,
    jar: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shown_pictures, "_FIRST_LOOK_AHEAD_S", 0.0)
    monkeypatch.setattr(shown_pictures, "_LOOK_AHEAD_S", 0.2)
    monkeypatch.setattr(pictures, "ShownPictureWork", _ahead)
    one, two = shops("one"), shops("two")
    async with server.running():
        read_list(one, tmp_path / "list.csv", [("A", server.serve("/jar.jpg", jar))])
        async with serving(Daemon(one)) as (told, _):
            await until(lambda: offer(one, "A").pictures)
            two.join(told[0].ticket)
            async with serving(Daemon(two)):
                await until(lambda: offer(two, "A", one).pictures)
                card, page = offer(one, "A").pictures
                await until(lambda: two.pictures.blobs.has(card.hash))
                assert not two.pictures.blobs.has(page.hash)


def _ahead(node: Node, room: Any, *, looks_ahead: bool) -> Any:
    """As where pages are shown."""
    return shown_pictures.ShownPictureWork(node, room, looks_ahead=True)


async def test_each_address_is_asked_once_whatever_comes_of_it(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path, jar: bytes
) -> None:
    one, events = shops("one"), list[str]()
    async with server.running():
        good, gone = server.serve("/good.jpg", jar), server.url("/gone.jpg")
        text = server.serve("/text.jpg", b"<html>")
        read_list(one, tmp_path / "list.csv", [("A", good), ("B", gone), ("C", text)])
        for daemon in (Daemon(one, on_event=events.append), Daemon(one, on_event=events.append)):
            async with serving(daemon):
                await until(partial(_has_given_up, daemon, 2))
                await until(lambda: offer(one, "A").pictures)
        # A later list with another article behind the same address needs no fetch either.
        read_list(one, tmp_path / "list.csv", [("A", good), ("B", gone), ("C", text), ("D", good)])
        async with serving(Daemon(one)):
            await until(lambda: offer(one, "D").pictures == offer(one, "A").pictures)
    assert sorted(paths(server)) == [b"/gone.jpg", b"/good.jpg", b"/text.jpg"]
    assert sum("made small" in one for one in events) == 1
    assert sum("cannot be had" in one for one in events) == 1


async def test_an_undo_takes_back_goods_with_pictures_and_brings_them_again(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path, jar: bytes
) -> None:
    one = shops("one")
    async with server.running():
        read_list(one, tmp_path / "list.csv", [("A", server.serve("/jar.jpg", jar))])
        async with serving(Daemon(one)):
            await until(lambda: offer(one, "A").pictures)
            sizes = offer(one, "A").pictures
            # The daemon has written since, but nobody's word.
            done = undo(one, find(one))
            assert done.kept == []
            assert offer(one, "A") == Offer()
            undo(one, one.store.deeds.newest(1)[0])
            await until(lambda: offer(one, "A").pictures == sizes)
    assert len(server.requests) == 1


async def test_a_list_without_it_takes_it_back(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path, jar: bytes
) -> None:
    one = shops("one")
    async with server.running():
        read_list(one, tmp_path / "list.csv", [("A", server.serve("/jar.jpg", jar))])
        async with serving(Daemon(one)):
            await until(lambda: offer(one, "A").pictures)
            sizes = offer(one, "A").pictures
            read_list(one, tmp_path / "list.csv", [("A", "")])
            await until(lambda: not offer(one, "A").pictures)
            assert undo(one, find(one)).records == 1
            await until(lambda: offer(one, "A").pictures == sizes)
    assert len(server.requests) == 1


async def test_no_internet_is_no_failure(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path
) -> None:
    one = shops("one")
    async with server.running():
        url = server.url("/jar.jpg")
    read_list(one, tmp_path / "list.csv", [("A", url)])
    daemon = Daemon(one)
    async with serving(daemon):
        await until(lambda: daemon._pictures and daemon._pictures._own._silent_until_s)
        assert daemon.statistics()["pictures_waiting"] == 1
        assert daemon.statistics()["pictures_given_up"] == 0
    assert one.store.notes(NOTES) == []


async def test_a_server_in_trouble_is_asked_later_and_not_without_end(
    memory: MemoryNetwork, shops: Any, server: TlsServer, tmp_path: Path
) -> None:
    one = shops("one")
    async with server.running():
        url = server.serve("/jar.jpg", b"", status="503 Busy")
        read_list(one, tmp_path / "list.csv", [("A", url)])
        async with serving(Daemon(one)):
            await until(lambda: one.store.notes(NOTES))
    ((_, note),) = one.store.notes(NOTES)
    assert len(server.requests) == 1
    assert note.value["tries"] == 1
    assert note.value["again_ms"] > one.clock.now_ms()


async def test_pictures_can_be_switched_off(
    memory: MemoryNetwork,
    shops: Any,
    server: TlsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FEDRETAIL_PICTURES_MB", "0")
    one = shops("one")
    async with server.running():
        read_list(one, tmp_path / "list.csv", [("A", server.url("/jar.jpg"))])
        daemon = Daemon(one)
        async with serving(daemon):
            assert daemon._pictures is None
            assert "pictures" not in daemon.statistics()
    assert server.requests == []
    assert not (one.path / "pictures").exists()
