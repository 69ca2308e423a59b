"""The page on the wire: its examples are what the code says, its limits those of the code."""

import hashlib
import re
from pathlib import Path

import pytest

from fedretail.domain.geo import Position, hilbert
from fedretail.domain.pictures import MAX_CARD_BYTES, MAX_PAGE_BYTES, MAX_SIDE, MAX_SIZES
from fedretail.p2p import blob_frames, blobs, reconcile, wire
from fedretail.p2p.address import peer_id_of
from fedretail.p2p.blob_frames import Answers, Asked, Wanted, asking
from fedretail.p2p.blocks import BlockList
from fedretail.p2p.fetches import MAX_FETCHING
from fedretail.p2p.fetching import MAX_ASKED
from fedretail.p2p.gossip import QUIET_MS
from fedretail.p2p.items import auth_item, head_item, proof_item, row_item
from fedretail.p2p.messages import MAX_ITEMS, TYPES
from fedretail.p2p.ranges import END, MAX_IDS, MAX_RANGES, Answer, Listed, Range
from fedretail.p2p.rbsr import MAX_ROUNDS
from fedretail.p2p.service import MAX_SESSIONS
from fedretail.p2p.serving import CREDIT_BYTES, HEADS_PER_FRAME, MAX_PUSH_BYTES
from fedretail.p2p.session import IDLE_MS
from fedretail.p2p.ticket import Ticket
from fedretail.p2p.transport import BLOB_PROTOCOL
from fedretail.p2p.view import MAX_SHOWN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol" / "wire.md"


def example(name: str) -> str:
    """The block of this name on the page, without line breaks."""
    text = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(rf"```text {name}\n(.*?)```", text, re.DOTALL)
    return str(block)


EXAMPLES = {
    "hello": wire.Hello(
        1, 1, bytes(range(32)), b"\xaa" * 16, b"\xbb" * 16, 1767607200000, ["needs-charter"], []
    ),
    "ranges-all": wire.Ranges(b"", False, [Range(END, b"0123456789abcdef")]),
    "ranges-answer": wire.Ranges(
        b"",
        True,
        [
            Range(b"\x40", None),
            Range(b"\x80", Listed(b"12345678abcdefgh")),
            Range(END, Answer(b"\x05", b"ABCDEFGH")),
        ],
    ),
    "since": wire.Since([wire.Wish(b"\x11" * 16, 7, 1767607200000, None)]),
    "heads": wire.Heads([[b"\x11" * 16, 8]]),
    "credit": wire.Credit(65536),
    "done": wire.Done("closing", "", 0),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_documented_frames_say_what_the_page_says(name: str) -> None:
    data = bytes.fromhex("".join(example(name).split()))
    (received,) = wire.Decoder().feed(data)
    assert received.message == EXAMPLES[name]
    assert received.size == len(data)
    assert wire.encode(EXAMPLES[name]) == data


def test_the_documented_hilbert_numbers() -> None:
    text = PAGE.read_text(encoding="utf-8").replace(",", "")
    assert f"9.0576 east is {hilbert(Position(48.5216, 9.0576))}" in text
    assert f"70.6 west is {hilbert(Position(-33.9, -70.6))}" in text


def test_the_documented_items() -> None:
    said = dict(line.split() for line in example("items").splitlines())
    key = reconcile.salt(b"\xcc" * 16, b"\xbb" * 16)
    items = [
        auth_item(b"\x22" * 16, b"record"),
        head_item((3, 0b101), b"\x11" * 16, b"head"),
        row_item(("offer", "a"), b"row"),
        proof_item((b"\x22" * 16, "member", b"\x33" * 32)),
    ]
    names = ["auth-item", "head-item", "row-item", "proof-item"]
    blocks = BlockList(items[:2], key)
    ids = [one.hex() for one in blocks.ids(0, 2)]
    assert said == {
        "salt": key.hex(),
        **dict(zip(names, [item.hex() for item in items])),
        **dict(zip(["auth-id", "head-id"], ids)),
        "fingerprint": blocks.fingerprint(0, 2).hex(),
    }


def test_the_documented_ticket() -> None:
    address = f"/ip4/192.168.1.20/tcp/4817/p2p/{peer_id_of(b'k' * 32)}"
    assert Ticket.parse(example("ticket")) == (bytes(range(32)), "Bakers", (address,))


def test_the_page_names_every_message_and_limit() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for kind, number in TYPES.items():
        assert f"| {number} | {kind.__name__.upper()} |" in text
    numbers = [
        MAX_ITEMS,
        MAX_IDS,
        MAX_RANGES,
        MAX_SHOWN,
        HEADS_PER_FRAME,
        wire.MAX_FRAME_BYTES,
        wire.MAX_PAYLOAD_BYTES,
        MAX_PUSH_BYTES,
        CREDIT_BYTES,
    ]
    assert [number for number in numbers if f"{number:,}" not in text] == []
    for number in (
        MAX_ROUNDS,
        IDLE_MS // 1000,
        QUIET_MS // 1000,
        MAX_ASKED,
        MAX_FETCHING,
        MAX_SESSIONS,
    ):
        assert re.search(rf"\b{number}\b", text), number


def test_the_documented_questions_about_pictures() -> None:
    honey, absent = hashlib.sha256(b"honey").digest(), bytes(range(32))
    asked = bytes.fromhex("".join(example("blob-asked").split()))
    assert list(Asked().feed(asked)) == [honey, absent]
    wanted = [Wanted(honey, 5), Wanted(absent, 9)]
    assert asking(wanted) == asked
    answered = bytes.fromhex("".join(example("blob-answered").split()))
    assert [one.data for one in Answers(wanted).feed(answered)] == [b"honey", None]


def test_the_limits_of_pictures_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for said in (
        f"at most {MAX_SIZES} sizes",
        f"at most {MAX_PAGE_BYTES:,} bytes",
        f"at most {MAX_CARD_BYTES:,} bytes is for a card",
        f"at most {MAX_SIDE:,}\ndots a side",
        f"one stream each, {blobs.MAX_SERVING} at once",
        f"{blobs.RATE_BYTES // 1024} KiB a second, {blobs.BURST_BYTES >> 20} MiB at once",
        f"a question is {blobs.ASK_BYTES // 1024} KiB",
        f"| silence of who asks | {blobs.IDLE_S:.0f} s |",
        f"| a stream | {blobs.STREAM_S / 60:.0f} min |",
        f"as this program asks | {blob_frames.MAX_ASKED} |",
        f"an answer to all | 30 s; {blobs.FETCH_S / 60:.0f} min |",
        f"## Pictures: `{BLOB_PROTOCOL}`",
    ):
        assert said in text, said
