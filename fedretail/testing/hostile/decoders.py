"""Every decoder of bytes from outside, with something true to break.

One table, so that none is forgotten: each is tried with anything at all (hypothesis) and with true
bytes that were broken (`mutations`). A decoder gives a value or raises one of its own errors.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from fedretail.config import Config, parse_config, to_toml
from fedretail.connectors import BadRow, open_source
from fedretail.connectors.exchange import decode_record, write_header, write_record
from fedretail.crdt import changes
from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import START, Point
from fedretail.crdt.charter import Charter
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import parse_log_name
from fedretail.crdt.row import Row, RowKey, parse_row
from fedretail.domain.kind import RecordId
from fedretail.domain.pictures import parse_webp, read_pictures
from fedretail.errors import MalformedInput, PeerError
from fedretail.node.keyring import Keyring
from fedretail.p2p import wire
from fedretail.p2p.address import parse_peer, peer_id_of
from fedretail.p2p.blob_frames import Answered, Answers, Wanted, answering
from fedretail.p2p.items import HEAD_ITEM_BYTES
from fedretail.p2p.ranges import END, Answer, Listed, Range, parse_ranges, range_values
from fedretail.p2p.ticket import Ticket
from fedretail.pictures.outside import parse_url
from fedretail.testing import builders
from fedretail.testing.pictures import webp

_SHOP = builders.shop("decoded")
_HEAD = Head(_SHOP.log(), 3, 1_700_000_000_000, 7, 2, 300, bytes(range(32)), (4, 9), 1)
_ROW = Row(3, 1, [(30, {"name": "Tea"}), (20, {"net": ["1", "LTR"], "prices": [[129]]})])
_KEY = RowKey("offer", "sku1")
_ADDRESS = f"/ip4/192.168.1.20/tcp/4817/p2p/{peer_id_of(bytes(range(32)))}"
_MOST_BYTES = 1 << 20


class Decoder(NamedTuple):
    """A decoder: what it is for, true bytes, and whether these are msgpack through and through."""

    name: str
    read: Callable[[bytes], Any]
    samples: list[bytes]
    is_packed: bool = False


def _frames() -> list[bytes]:
    head = SignedHead.sign(_HEAD, _SHOP.devices[0]).raw
    messages: list[wire.Message] = [
        wire.Hello(1, 1, bytes(32), bytes(16), bytes(16), 5, ["needs-charter"], [[3, 5]]),
        wire.Auth([[0, _SHOP.grants[0].raw], [1, *_SHOP.log_name()], [3, _ADDRESS]]),
        wire.Ranges(b"", True, _RANGES),
        wire.Heads([head, [_SHOP.log(), 8]]),
        wire.Since([wire.Wish(_SHOP.log(), 7, 70, _KEY)]),
        wire.Offer([(_SHOP.log(), 10, 1000)]),
        wire.Advance(_SHOP.log(), 0, head, _CHANGES * 20, _KEY),
        wire.Push(head, 0, _CHANGES),
        wire.Credit(65536),
        wire.Done("closing", "bye", 60),
    ]
    return [wire.encode(message) for message in messages]


_RANGES = [
    Range(b"\x40", None),
    Range(b"\x80", Listed(b"12345678abcdefgh")),
    Range(b"\x90", bytes(range(16))),
    Range(END, Answer(b"\x05", b"ABCDEFGH")),
]
_CHANGES = pack(changes.encode([(_KEY, _ROW)], base=START, head=Point(5, 50)))
_PICTURE = webp(320, 240)
_OFFER = RecordId(_SHOP.owner, builders.SITE, "offer", "sku1")


def _read_frames(data: bytes) -> list[wire.Received]:
    return list(wire.Decoder().feed(data))


def _read_answers(data: bytes) -> list[Answered]:
    return list(Answers([Wanted(hashlib.sha256(_PICTURE).digest(), len(_PICTURE))]).feed(data))


def _text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """For decoders of text: bytes that are none come as the system hands them to a program."""
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def _import_file(form: str) -> Callable[[bytes], Any]:
    def read(data: bytes) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list"
            path.write_bytes(data)
            reader = open_source(path, form, currency="EUR", time_zone="Europe/Berlin")
            bad = [row for row in reader if isinstance(row, BadRow)]
            return reader.write_rejects(Path(folder) / "rejects", bad)

    return read


def _keys_file(data: bytes) -> Keyring:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keys.json"
        path.write_bytes(data)
        return Keyring.load(path)


def _demo(name: str) -> bytes:
    return files("fedretail.demo").joinpath(name).read_bytes()


def _exported() -> list[bytes]:
    line = write_record(_OFFER, builders.offer(1), own={"cost": 77, "note": "ours"})
    return [f"{write_header()}\n{line}\n".encode(), line.encode("utf-8")]


_LIST = b"SKU;Name;Price;EAN;Stock;Net content\n1;Tea;1,49;4001842100121;5;500 g\n2;Jam;2,50;;;\n"
_KEYS = {"version": 1, "root_seed": "22" * 32, "device_seed": "11" * 32, "backed_up": False}

DECODERS: tuple[Decoder, ...] = (
    Decoder("frames", _read_frames, _frames()),
    Decoder("messages", wire.decode, [pack([4, [b"head", [bytes(16), 8]]])], True),
    Decoder(
        "ranges",
        lambda data: parse_ranges(unpack(data, max_bytes=_MOST_BYTES), HEAD_ITEM_BYTES),
        [pack(range_values(_RANGES))],
        True,
    ),
    Decoder("rows", lambda data: parse_row(_KEY, data), [pack(_ROW)], True),
    Decoder(
        "changes",
        lambda data: changes.decode(
            unpack(data, max_bytes=_MOST_BYTES), base=START, head=Point(5, 50)
        ),
        [_CHANGES],
        True,
    ),
    Decoder("heads", SignedHead.parse, [SignedHead.sign(_HEAD, _SHOP.devices[0]).raw], True),
    Decoder("auth records", SignedRecord.parse, [one.raw for one in _SHOP.grants], True),
    Decoder(
        "names of logs",
        lambda data: parse_log_name(unpack(data, max_bytes=_MOST_BYTES)),
        [pack(list(_SHOP.log_name()))],
        True,
    ),
    Decoder("charters", Charter.parse, [Charter("Street", (bytes(32),)).pack()], True),
    Decoder(
        "tickets",
        _text(Ticket.parse),
        [Ticket(bytes(range(32)), "Bäcker", (_ADDRESS,)).text().encode("ascii")],
    ),
    Decoder(
        "addresses",
        _text(parse_peer),
        [_ADDRESS.encode("ascii"), _ADDRESS.replace("/ip4/192.168.1.20", "/ip6/::1").encode()],
    ),
    Decoder("files of pictures", parse_webp, [webp(320, 240), webp(9, 9, body=b"odd")]),
    Decoder("answers with pictures", _read_answers, [answering(_PICTURE), answering(None)]),
    Decoder(
        "pictures of offers",
        lambda data: read_pictures(unpack(data, max_bytes=_MOST_BYTES)),
        [pack([[bytes(32), 9000, 320, 240], [bytes(32), 50000, 960, 720, "a jug"]])],
        True,
    ),
    Decoder("addresses of pictures", _text(parse_url), [b"https://shop.example:8443/a.jpg?v=1"]),
    Decoder("CSV files", _import_file("csv"), [_LIST, _LIST.decode("ascii").encode("utf-16")]),
    Decoder("Shopify files", _import_file("shopify"), [_demo("shopify.csv")]),
    Decoder("WooCommerce files", _import_file("woocommerce"), [_demo("woocommerce.csv")]),
    Decoder("JSON Lines files", _import_file("jsonl"), _exported()[:1]),
    Decoder("lines of exports", _text(decode_record), _exported()[1:]),
    Decoder("settings", _text(parse_config), [to_toml(Config()).encode("utf-8")]),
    Decoder("key files", _keys_file, [json.dumps(_KEYS).encode("ascii")]),
)


def refused(decoder: Decoder, data: bytes) -> bool:
    """Whether the decoder refuses these bytes, in its own words; any other error passes."""
    try:
        decoder.read(data)
    except (MalformedInput, PeerError):
        return True
    return False
