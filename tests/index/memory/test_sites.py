"""Sites are found by their ids and by their owners'."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position
from fedretail.index.layout.facts import pack_site
from fedretail.index.memory.sites import SiteEntry, Sites

OWNERS = [bytes([number]) * 2 for number in (7, 0, 255)]
# One of them is what a member is called.
IDS = ["a", "b", "c", OWNERS[1].hex(), "z"]
PLACE = Position(1.0, 2.0)
PACKED = (10_000_000, 20_000_000, "EUR", pack_site({}))
some_sites = st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(IDS)), max_size=8)
some_names = st.sets(st.sampled_from([*IDS, *(one.hex() for one in OWNERS), "", "07", "0707X"]))


@given(some_sites, some_names)
def test_sites_of_retailers(shops: list[tuple[bytes, str]], names: set[str]) -> None:
    entries = [SiteEntry(base, owner, name, PACKED) for base, (owner, name) in enumerate(shops, 1)]
    found = Sites(1, entries).of_retailers(names)
    wanted = [n for n, (owner, name) in enumerate(shops) if {owner.hex(), name} & names]
    assert sorted(set(found)) == wanted
