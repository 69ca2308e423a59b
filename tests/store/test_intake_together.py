"""Parts of many logs taken in together: as if one by one, and a fault costs its own part alone."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.transfer import Incoming, Outcome
from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError, MalformedInput, PeerError, Unavailable
from fedretail.store import logs
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.faults import Faults, sqlite_error

SHOPS = [builders.shop(f"shop {number}") for number in range(4)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Incoming]:
    """One whole log of each shop."""
    return list(_whole(tmp_path_factory.mktemp("shops")))


def _whole(folder: Path) -> Iterator[Incoming]:
    for number, shop in enumerate(SHOPS):
        with closing(builders.shop_store(folder, shop)) as store:
            store.commit(shop.author(), SITE, builders.offer_edits(range(number + 1)))
            part = store.changes_since(shop.log(), START, None)
            assert part is not None
            yield Incoming(SignedHead.parse(part.head), 0, pack(part.changes), None)


def broken(part: Incoming, how: str) -> Incoming:
    match how:
        case "rows":
            return part._replace(changes=part.changes.replace(b"Organic", b"Poisons"))
        case "form":
            return part._replace(changes=b"\xc1")
        case "signature":
            head = part.head.head
            return part._replace(head=part.head._replace(signature=bytes(64), head=head))
        case "gap":
            return part._replace(base_seq=7)
    return part


def alone(store: Store, part: Incoming) -> object:
    head, base_seq, changes, after, is_push = part
    try:
        return store.advance(head, base_seq, changes, after=after, is_push=is_push)
    except FedretailError as error:
        return type(error)


def held(store: Store) -> list[bytes]:
    return sorted(raw for _, _, raw in store.heads())


_HOW = st.sampled_from(["whole", "rows", "form", "signature", "gap"])
_ORDERS = st.lists(st.tuples(st.integers(0, 3), _HOW, st.booleans()), max_size=8)


@given(orders=_ORDERS)
def test_together_or_one_by_one(whole: list[Incoming], orders: list[tuple[int, str, bool]]) -> None:
    parts = [
        broken(whole[number], how)._replace(is_push=is_push) for number, how, is_push in orders
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, two = (builders.peer_store(folder, peer, *SHOPS) for peer in "ab")
        with closing(one), closing(two):
            expected = [alone(one, part) for part in parts]
            found = two.advance_all(parts)
            said = [each if isinstance(each, Outcome) else type(each) for each in found]
            assert said == expected
            assert held(one) == held(two)
            assert builders.problems(two) == []
            feeds = [[place for _, place in store.feed(0, 99)] for store in (one, two)]
            assert feeds[0] == feeds[1]


def test_a_fault_costs_its_own_part_alone(whole: list[Incoming], tmp_path: Path) -> None:
    with closing(builders.peer_store(tmp_path, "peer", *SHOPS)) as store:
        parts = [whole[0], broken(whole[1], "rows"), broken(whole[2], "form"), whole[3]]
        outcomes = store.advance_all(parts)
        assert [type(one) for one in outcomes[1:3]] != [Outcome, Outcome]
        assert isinstance(outcomes[1], PeerError)
        assert isinstance(outcomes[2], MalformedInput)
        assert held(store) == sorted(part.head.raw for part in (whole[0], whole[3]))


@pytest.mark.parametrize("at", range(1, 42, 5))
def test_a_full_disk_takes_all_of_them_back(whole: list[Incoming], tmp_path: Path, at: int) -> None:
    with closing(builders.peer_store(tmp_path, "peer", *SHOPS)) as store:
        path = store.path
    faults = Faults(lambda: sqlite_error("SQLITE_FULL"))
    kinds = registry()
    with closing(
        Store.open(path, clock=ManualClock(), kinds=kinds, connect=faults.connect)
    ) as store:
        faults.arm(at)
        with pytest.raises(Unavailable, match="disk is full"):
            store.advance_all(whole)
        assert held(store) == []
        assert store.advance_all(whole) == [Outcome.MOVED] * len(whole)
        assert builders.problems(store) == []


def test_names_are_learned_together(tmp_path: Path) -> None:
    with closing(builders.new_store(tmp_path)) as store:
        names = [shop.log_name() for shop in SHOPS]
        stranger = names[0]._replace(device=b"d" * 32)
        ninth = [
            SHOPS[0].author(incarnation=number + 1).log(SITE)
            for number in range(logs.MAX_LOGS_PER_COLLECTION)
        ]
        records = [record for shop in SHOPS for record in shop.grants]
        assert store.learn([], names) == []
        assert store.learn(records, [stranger, *names]) == names
        assert store.learn(records, [*names, *ninth]) == [*names, *ninth]
        assert store.log(SHOPS[1].log()) is not None
