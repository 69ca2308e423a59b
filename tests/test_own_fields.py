"""Cost, supplier, exact stock, notes: no byte of them reaches a stranger, from any kind or file."""

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio

from fedretail.clock import SystemClock
from fedretail.connectors import FORMATS
from fedretail.crdt.codec import pack
from fedretail.daemon.daemon import Daemon
from fedretail.domain.catalog import OFFER
from fedretail.domain.kinds import KINDS
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.p2p import wire
from fedretail.testing.daemons import until
from fedretail.testing.memory_network import MemoryNetwork, MemoryStream
from fedretail.testing.nodes import new_shop

# Numbers and words that stand nowhere by chance.
_FIRST_NUMBER = 7_700_417

# Files in each vendor's form whose own columns hold @words and #numbers; {price} may change.
FILES = {
    "csv": (
        "SKU,Name,Price,Stock,Cost,Supplier,Reorder level,Internal note,Margin,Image\n"
        "C1,Bread,{price},#,#.00,@,#,@,@,https://127.0.0.1/@.jpg\n"
    ),
    "shopify": (
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,"
        "Cost per item,Option1 Name,Option1 Value,Published,Status,Body (HTML),Image Src\n"
        "bread,Rye,S1,{price},shopify,#,#.00,Title,Default Title,true,active,Dark,"
        "https://127.0.0.1/@.jpg\n"
    ),
    "woocommerce": (
        "ID,Type,SKU,Name,Published,In stock?,Stock,Low stock amount,Regular price,"
        "Visibility in catalog,Backorders allowed?,Purchase note\n"
        "7,simple,W1,Rolls,1,1,#,#,{price},visible,0,@\n"
    ),
    "jsonl": (
        '{{"kind":"offer","id":"J1","fields":{{"name":"Cake","currency":"EUR",'
        '"prices":[{{"amount":"{price}"}}]}},'
        '"own":{{"note":"@","supplier":"@","stock_count":#,"reorder_point":#,"secret":"@",'
        '"picture_made":"https://127.0.0.1/@.jpg"}}}}\n'
    ),
}


class Markers:
    """Hands out values that are found again wherever they turn up."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.numbers: list[int] = []

    def word(self) -> str:
        self.words.append(f"Geheim{len(self.words):03}xq")
        return self.words[-1]

    def number(self) -> int:
        self.numbers.append(_FIRST_NUMBER + 7919 * len(self.numbers))
        return self.numbers[-1]

    def filled(self, text: str) -> str:
        """A file with a marker in each place that asks for one."""
        fills = {"@": self.word, "#": lambda: str(self.number())}
        return "".join(fills[sign]() if sign in fills else sign for sign in text)

    def found_in(self, data: bytes) -> list[object]:
        """The markers that stand in some bytes: as text, as packed numbers, as minor units."""
        forms: dict[object, tuple[bytes, ...]] = {word: (word.encode(),) for word in self.words}
        for number in self.numbers:
            forms[number] = (str(number).encode(), pack(number), pack(number * 100))
        return [marker for marker, some in forms.items() if any(form in data for form in some)]


def test_every_connector_stands_here() -> None:
    assert set(FILES) == set(FORMATS) - {"auto"}


def fill_every_kind(node: Node, markers: Markers) -> None:
    """A record of each kind with every own field of it set."""
    for kind in KINDS:
        own = {name: markers.word() for name in kind.own_fields()}
        counts = {name: markers.number() for name in kind.own_fields()}
        for key, fields in (("words", own), ("numbers", counts)):
            if own:
                node.write(kind.name, key, fields)
                assert node.store.own(node.place(kind.name, key)) == fields


def import_every_format(node: Node, folder: Path, markers: Markers) -> None:
    for name, text in FILES.items():
        template = markers.filled(text)
        for price in ("2.50", "2.60"):
            path = folder / f"{name}.{'jsonl' if name == 'jsonl' else 'csv'}"
            path.write_text(template.format(price=price), encoding="utf-8")
            report = node.import_file(path, ImportOptions(node.site(), format=name))
            assert report.offers == 1, (name, report.bad)


def flat(value: object) -> Iterator[bytes]:
    """All bytes in a message, numbers packed."""
    if isinstance(value, str):
        yield value.encode("utf-8")
    elif isinstance(value, bytes):
        yield value
    elif isinstance(value, list | tuple):
        yield pack(list(value)) if not isinstance(value, tuple) else b""
        for item in value:
            yield from flat(item)
    elif isinstance(value, int):
        yield pack(value)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytearray]:
    """Everything that each device sends over the network, by its peer id."""
    network, recorded = MemoryNetwork(), dict[str, bytearray]()
    plain = MemoryStream.send

    async def send(self: MemoryStream, data: bytes) -> None:
        recorded.setdefault(self._owner.peer_id, bytearray()).extend(data)
        await plain(self, data)

    monkeypatch.setattr(MemoryStream, "send", send)
    monkeypatch.setattr(
        Daemon, "_transport", lambda self: network.transport(self.node.keyring.device_seed)
    )
    return recorded


async def test_no_own_field_reaches_a_stranger(tmp_path: Path, sent: dict[str, bytearray]) -> None:
    markers = Markers()
    with (
        new_shop(tmp_path / "shop", clock=SystemClock()) as shop,
        new_shop(tmp_path / "stranger", "Stranger", clock=SystemClock()) as stranger,
        Node.open(tmp_path / "shop") as editor,
    ):
        fill_every_kind(shop, markers)
        import_every_format(shop, tmp_path, markers)
        assert len(markers.words) > 10
        async with trio.open_nursery() as nursery:
            ready = await nursery.start(Daemon(shop).run)
            stranger.join(ready.ticket)
            await nursery.start(Daemon(stranger).run)
            offers = {(place.collection, place.key) for place, _ in shop.records("offer")}
            await until(
                lambda: (
                    offers <= {(one.collection, one.key) for one, _ in stranger.records("offer")}
                )
            )
            # A push besides: public and own fields of one edit.
            fields = {"prices": [[199]], "note": markers.word(), "cost": markers.number()}
            place = editor.place("offer", "C1", editor.site())
            editor.write("offer", "C1", fields, site=editor.site())
            await until(lambda: stranger.record(place).fields["prices"] == [[199]])
            nursery.cancel_scope.cancel()

        raw = bytes(sent[shop.identity.peer_id])
        messages = [one.message for one in wire.Decoder().feed(raw)]
        assert {type(one).__name__ for one in messages} >= {"Hello", "Advance", "Push"}
        assert b"Bread" in b"".join(flat(messages))
        assert not markers.found_in(raw)
        assert not markers.found_in(b"\0".join(flat(messages)))
        assert not [
            one for place, _ in stranger.records("offer") if (one := stranger.store.own(place))
        ]
        assert not markers.found_in(_tables(stranger, everything=True))
        # Nor in what a stranger could be given otherwise.
        assert not markers.found_in(_tables(shop, everything=False))
        public = io.StringIO()
        shop.export(public, mine=False)
        assert "Bread" in public.getvalue()
        assert not markers.found_in(public.getvalue().encode("utf-8"))
        # They are all here, though: an export with --mine has every one that has a place.
        mine = io.StringIO()
        shop.export(mine, mine=True)
        _assert_all_there(mine.getvalue())


def _tables(node: Node, *, everything: bool) -> bytes:
    """What lies in the store's tables; all of them, or those that are served to others."""
    with closing(sqlite3.connect(node.store.path)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        names = [name for (name,) in db.execute(query)]
        public = ("auth", "collection", "log", "row", "feed", "staging")
        cells = [
            cell
            for name in names
            if everything or name in public
            for row in db.execute(f"SELECT * FROM {name}")
            for cell in row
        ]
    return b"\0".join(flat(cells))


def _assert_all_there(text: str) -> None:
    records = [json.loads(line) for line in text.splitlines()[1:]]
    own = {name for one in records if one["kind"] == "offer" for name in one.get("own", {})}
    assert own == OFFER.own_fields()
    for key in ("C1", "S1", "W1", "J1"):
        (record,) = [one for one in records if one.get("id", "").endswith(f"/{key}")]
        assert record["own"], key
