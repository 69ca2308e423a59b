"""Tickets: what one prints the other reads, and every slip of the pen is told as such."""

import base64
import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack
from fedretail.errors import MalformedInput, UsageError
from fedretail.p2p.address import peer_id_of
from fedretail.p2p.ticket import MAX_ADDRESSES, MAX_CHARACTERS, MAX_NAME, PREFIX, Ticket

NETWORK = bytes(range(32))
PEER = peer_id_of(b"k" * 32)
ADDRESSES = tuple(f"/ip4/192.168.1.{n}/tcp/4817/p2p/{PEER}" for n in range(1, 5))
TICKET = Ticket(NETWORK, "Bakers of Tübingen", ADDRESSES[:2])
NAMES = st.text(st.characters(codec="utf-8"), max_size=MAX_NAME)


@given(st.binary(min_size=32, max_size=32), NAMES, st.integers(0, 4))
@example(NETWORK, "🥖" * MAX_NAME, 4)
def test_a_ticket_survives(network: bytes, name: str, count: int) -> None:
    text = Ticket(network, name, ADDRESSES[:count]).text()
    assert text.startswith(PREFIX)
    assert len(text) <= MAX_CHARACTERS
    read = Ticket.parse(text)
    assert read.network == network
    assert read.addresses == ADDRESSES[: len(read.addresses)]
    assert bool(read.addresses) == bool(count)
    # A name is cut only where no address would fit beside it.
    assert name == read.name or (name.startswith(read.name) and len(read.addresses) == 1)


def test_as_many_addresses_as_fit_first_ones_first() -> None:
    assert Ticket.parse(TICKET._replace(addresses=ADDRESSES).text()).addresses == ADDRESSES[:3]
    short = tuple(f"/ip4/10.0.0.{n}/tcp/1/p2p/{PEER}" for n in range(5))
    fitting = Ticket(NETWORK, "", short)
    assert Ticket.parse(fitting.text()).addresses == short[:MAX_ADDRESSES]


def test_one_that_does_not_fit_gives_way_to_a_shorter_one() -> None:
    far = f"/dns4/{'shop.' * 46}example/tcp/4817/p2p/{PEER}"
    ticket = Ticket(
        NETWORK, "Bakers", (ADDRESSES[0], far, far.replace("4817", "4818"), ADDRESSES[1])
    )
    assert Ticket.parse(ticket.text()).addresses == ADDRESSES[:2]


@given(st.lists(st.integers(1, 45), max_size=6), NAMES)
@example([45], "ü" * MAX_NAME)
def test_no_ticket_is_too_long_and_none_goes_without_an_address(
    lengths: list[int], name: str
) -> None:
    places = tuple(f"/dns4/{'a.' * n}b/tcp/{65535 - at}/p2p/{PEER}" for at, n in enumerate(lengths))
    read = Ticket.parse(Ticket(NETWORK, name, places).text())
    assert bool(read.addresses) == bool(places)
    assert name.startswith(read.name)
    assert list(read.addresses) == [one for one in places if one in read.addresses]


def test_a_name_that_no_charter_has_is_refused() -> None:
    with pytest.raises(UsageError):
        Ticket(NETWORK, "x" * (MAX_NAME + 1), ()).text()


def test_spaces_line_breaks_and_capitals_do_no_harm() -> None:
    text = TICKET.text()
    folded = "\n  ".join(text[start : start + 40].upper() for start in range(0, len(text), 40))
    assert Ticket.parse(f" {folded} \r\n") == TICKET


@given(st.integers(0, 1 << 16), st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-=äß/"))
def test_a_wrong_character_is_refused(where: int, character: str) -> None:
    text = TICKET.text()
    place = where % len(text)
    refused_or_same(text[:place] + character + text[place + 1 :])


@given(st.integers(0, 1 << 16), st.integers(0, 1 << 16))
def test_two_characters_that_changed_places_are_refused(one: int, other: int) -> None:
    text = list(TICKET.text())
    a, b = one % len(text), other % len(text)
    text[a], text[b] = text[b], text[a]
    refused_or_same("".join(text))


@given(st.integers(0, 1 << 16), st.integers(1, 20))
def test_a_gap_is_refused(where: int, length: int) -> None:
    text = TICKET.text()
    place = where % len(text)
    refused_or_same(text[:place] + text[place + length :])


@given(st.text(max_size=40) | st.text("abcdefg234567", max_size=200).map(PREFIX.__add__))
def test_any_text_is_a_ticket_or_refused(text: str) -> None:
    refused_or_same(text)


def refused_or_same(text: str) -> None:
    """Bits behind the last byte may differ: they mean nothing."""
    try:
        assert Ticket.parse(text) == TICKET
    except MalformedInput as error:
        assert "fr1-" in error.message + error.hint
        assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begin with fr1-"),
        ("hello", "begin with fr1-"),
        ("fr2-abc", "begin with fr1-"),
        (PREFIX, "not complete"),
        (TICKET.text()[:-5], "not complete"),
        (TICKET.text() + "a" * 600, "too long"),
        (TICKET.text().replace("fr1-", "fr1-0"), "not complete"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(MalformedInput, match=message) as caught:
        Ticket.parse(text)
    assert "copy the whole line" in caught.value.hint


def _raw(text: str) -> bytes:
    plain = text.removeprefix(PREFIX).upper()
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def written(*content: object) -> str:
    checksum = hashlib.blake2b(pack(list(content))).digest()[:4]
    raw = pack([*content, checksum])
    return PREFIX + base64.b32encode(raw).decode().rstrip("=").lower()


@pytest.mark.parametrize(
    "content",
    [
        (NETWORK, "name"),
        (NETWORK[:31], "name", []),
        (NETWORK, "n" * 81, []),
        (NETWORK, b"name", []),
        (NETWORK, "name", [ADDRESSES[0]] * 5),
        (NETWORK, "name", [7]),
        (NETWORK, "name", ["/ip4/1.2.3.4/tcp/1"]),
        (NETWORK, "name", ["ftp://"]),
        (NETWORK, "name", [], "more"),
    ],
)
def test_what_another_program_wrote_wrongly_is_refused(content: tuple[object, ...]) -> None:
    with pytest.raises(MalformedInput):
        Ticket.parse(written(*content))
    assert Ticket.parse(written(NETWORK, "name", [])).name == "name"


def test_a_network_names_itself_by_its_id() -> None:
    changed = bytearray(_raw(TICKET.text()))
    changed[5] ^= 1
    text = PREFIX + base64.b32encode(bytes(changed)).decode().rstrip("=").lower()
    with pytest.raises(MalformedInput, match="slip of the pen"):
        Ticket.parse(text)
