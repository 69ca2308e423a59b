"""Whom to dial: patience after failures, and whose word counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p import peers
from fedretail.p2p.address import peer_id_of
from fedretail.p2p.peers import HEARSAY, LAST_RETRY_MS, MAX_DIALLED, Dialer, clock_offset_ms

OWN = peer_id_of(b"own".ljust(32))
PEER = peer_id_of(b"peer".ljust(32))


def dialer(*own: str, random: float = 0.5) -> Dialer:
    one = Dialer(OWN, random=lambda: random)
    one.set_own(own)
    return one


def address(place: str, peer: str = PEER, port: int = 4001) -> str:
    kind = "ip6" if ":" in place else "ip4" if place[0].isdigit() else "dns4"
    return f"/{kind}/{place}/tcp/{port}/p2p/{peer}"


def another(number: int) -> str:
    return peer_id_of(number.to_bytes(32, "big"))


# --- whose word counts ---


@pytest.mark.parametrize(
    ("place", "own", "may"),
    [
        ("8.8.8.8", [], True),
        ("2001:4860:4860::8888", [], True),
        ("192.168.1.9", [], False),
        ("192.168.1.9", ["192.168.1.20"], True),
        ("192.168.2.9", ["192.168.1.20"], False),
        ("10.0.0.9", ["192.168.1.20", "10.0.0.1"], True),
        ("127.0.0.1", [], False),
        ("127.0.0.1", ["192.168.1.20"], False),
        ("127.0.0.1", ["127.0.0.1"], True),
        ("127.0.0.1", ["192.168.1.20", "127.0.0.1"], False),
        ("::1", ["fd00::1", "::1"], False),
        ("::1", ["127.0.0.1"], False),
        ("::1", ["::1"], True),
        ("fd00::9", ["fd00::1"], True),
        ("fd00:1::9", ["fd00::1"], False),
        ("fe80::9", [], False),
        ("169.254.1.1", [], False),
        ("224.0.0.1", [], False),
        ("ff02::1", [], False),
        ("0.0.0.0", [], False),
        ("255.255.255.255", [], False),
        ("100.64.0.1", [], False),
        ("::ffff:127.0.0.1", [], False),
        ("64:ff9b::7f00:1", [], False),
        ("2002:7f00:1::", [], False),
        ("shop.example", [], False),
        ("localhost", ["127.0.0.1"], False),
    ],
)
def test_hearsay_is_dialled_only_where_it_can_point_at_nobody(
    place: str, own: list[str], may: bool
) -> None:
    one = dialer(*own)
    assert one.add(address(place), HEARSAY) == may
    assert one.due(0) == ([address(place)] if may else [])


@pytest.mark.parametrize("place", ["127.0.0.1", "192.168.1.9", "shop.example", "8.8.8.8", "::1"])
@pytest.mark.parametrize("source", ["ticket", "option"])
def test_what_somebody_typed_is_dialled_as_it_is(place: str, source: str) -> None:
    one = dialer()
    assert one.add(address(place), source)
    assert one.due(0) == [address(place)]


@pytest.mark.parametrize("text", ["", "8.8.8.8", "/ip4/8.8.8.8/tcp/1", address("8.8.8.8", OWN)])
def test_what_is_no_neighbours_address_is_refused(text: str) -> None:
    one = dialer()
    assert not one.add(text, "ticket")
    assert one.addresses() == []


def test_invented_neighbours_keep_nobody_from_a_real_one() -> None:
    one = dialer()
    added = [
        one.add(address(f"8.8.{n // 250}.{n % 250}", another(n)), HEARSAY) for n in range(1500)
    ]
    assert sum(added) == len(one.addresses()) == peers.MAX_HEARSAY
    assert one.add(address("192.168.1.9"), "ticket")
    assert one.due(0)[0] == address("192.168.1.9")


def test_hearsay_that_never_answered_makes_room() -> None:
    one = dialer()
    for n in range(peers.MAX_HEARSAY):
        one.add(address(f"8.8.{n // 250}.{n % 250}", another(n)), HEARSAY)
    assert not one.add(address("9.9.9.9"), HEARSAY)
    one.failed(address("8.8.0.7", another(7)), 0)
    assert one.add(address("9.9.9.9"), HEARSAY)
    assert not one.knows(address("8.8.0.7", another(7)))


@pytest.mark.parametrize("port", [0, 22, 25, 80, 443, 1023, 9100, 9107])
def test_hearsay_points_at_no_port_of_other_programs(port: int) -> None:
    one = dialer("192.168.1.20")
    for place in ("8.8.8.8", "192.168.1.9"):
        assert not one.add(address(place, port=port), HEARSAY)


def test_no_crowd_is_pointed_at_one_machine_or_one_port() -> None:
    one = dialer()
    assert one.add(address("8.8.8.8", another(0)), HEARSAY)
    assert not one.add(address("8.8.8.8", another(1)), HEARSAY)
    for n in range(1, 100):
        one.add(address("8.8.8.8", another(n), port=5000 + n), HEARSAY)
    assert len(one.addresses()) == peers.MAX_HEARSAY_PER_HOST
    assert one.add(address("8.8.8.8", another(1)), "ticket")


def test_a_neighbour_is_told_at_few_addresses() -> None:
    one = dialer()
    for n in range(100):
        one.add(address(f"8.8.8.{n}"), HEARSAY)
    assert len(one.addresses()) == peers.MAX_HEARSAY_PER_PEER


def test_strangers_who_call_keep_nobody_from_known_neighbours() -> None:
    one = dialer()
    one.add(address("8.8.8.8"), "ticket")
    one.add(address("8.8.4.4", another(1)), HEARSAY)
    for n in range(100, 164):
        one.connected(another(n))
    assert one.due(0) == [address("8.8.8.8")]


def test_hearsay_that_somebody_types_counts_as_typed() -> None:
    one = dialer()
    one.add(address("8.8.8.8"), HEARSAY)
    one.add(address("8.8.8.8"), "ticket")
    for n in range(20):
        one.add(address("8.8.4.4", another(n)), HEARSAY)
    assert one.due(0)[0] == address("8.8.8.8")


# --- when ---


def test_patience_doubles_up_to_a_minute() -> None:
    one = dialer()
    one.add(address("8.8.8.8"), "ticket")
    now_ms, pauses = 0, []
    for _ in range(9):
        assert one.due(now_ms) == [address("8.8.8.8")]
        one.failed(address("8.8.8.8"), now_ms)
        start_ms = now_ms
        while not one.due(now_ms):
            now_ms += 250
        pauses.append((now_ms - start_ms) / 1000)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 200))
def test_a_street_after_a_power_cut_does_not_dial_as_one(random: float, failures: int) -> None:
    one = dialer(random=random)
    one.add(address("8.8.8.8"), "ticket")
    for _ in range(failures + 1):
        one.failed(address("8.8.8.8"), 0)
    pause_ms = min(LAST_RETRY_MS, 1000 * 2**failures)
    assert not one.due(int(pause_ms * 0.5) - 1)
    assert one.due(int(pause_ms * 1.5))


def test_who_asks_to_be_left_alone_is() -> None:
    one = dialer()
    one.add(address("8.8.8.8"), "ticket")
    one.failed(address("8.8.8.8"), 0, retry_s=3600)
    assert not one.due(3_599_999)
    assert one.due(3_600_000)
    one.failed(address("no such"), 0)


def test_a_neighbour_is_dialled_at_one_address_and_not_while_it_is_here() -> None:
    one = dialer()
    for place in ("8.8.8.8", "8.8.4.4"):
        one.add(address(place), "ticket")
    assert len(one.due(0)) == 1
    one.failed(address("8.8.8.8"), 0)
    assert one.due(0) == [address("8.8.4.4")]
    one.connected(PEER)
    assert one.due(10_000) == []
    one.lost(PEER, 10_000)
    assert one.due(10_000) == []
    assert one.due(11_000) != []


def test_a_session_makes_up_for_earlier_failures() -> None:
    one = dialer()
    one.add(address("8.8.8.8"), "ticket")
    for _ in range(10):
        one.failed(address("8.8.8.8"), 0)
    one.connected(PEER)
    one.lost(PEER, 100_000)
    assert one.due(101_000) == [address("8.8.8.8")]


def test_eight_connections_are_enough() -> None:
    one = dialer()
    for n in range(20):
        one.add(address("8.8.8.8", another(n), port=n + 1), "ticket")
    assert len(one.due(0)) == MAX_DIALLED
    for n in range(7):
        one.connected(another(n))
    assert len(one.due(0)) == 1
    for n in range(7, 12):
        one.connected(another(n))
    assert one.due(0) == []


# --- clocks ---


@pytest.mark.parametrize(
    ("offsets", "offset"),
    [([], 0), ([5000], 0), ([100, 300], 100), ([1, 2, 10**12], 2), ([-9, -5, 0, 4], 0)],
)
def test_one_neighbours_clock_proves_nothing(offsets: list[int], offset: int) -> None:
    assert clock_offset_ms(offsets) == offset


@given(st.lists(st.integers(-500, 500), max_size=9), st.lists(st.integers(), max_size=9))
def test_no_half_of_the_neighbours_moves_the_clock(honest: list[int], liars: list[int]) -> None:
    if len(liars) <= len(honest):
        assert abs(clock_offset_ms([*honest, *liars])) <= 500
