"""What a file named, against sets of its keys."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.registers import Folded
from fedretail.domain.kind import RecordId
from fedretail.node.vanished import UNCONFIRMED, Named, is_unconfirmed

keys = st.sampled_from([f"k{n}" for n in range(8)])
sources = st.sampled_from(["csv", "-csv", "shopify", "-shopify", "-", "", None, 7])


@given(
    st.dictionaries(keys, sources), st.sets(keys), st.sets(keys), st.sets(st.sampled_from(["csv"]))
)
def test_the_rest_is_what_sets_say(
    offers: dict[str, object], confirmed: set[str], unsure: set[str], wanted: set[str]
) -> None:
    named = Named()
    for key in confirmed:
        named.add(key, is_sure=True)
    for key in unsure:
        named.add(key, is_sure=False)
    records = [
        (RecordId(b"o" * 16, "site/s", "offer", key), Folded({"source": source}, {}))
        for key, source in offers.items()
    ]
    rest = named.rest(records, wanted)
    ours = {key: one for key, one in offers.items() if one in ("csv", "-csv") and "csv" in wanted}
    left = ours.keys() - confirmed
    assert rest.gone == {key: ours[key] for key in left - unsure}
    assert rest.unsure == {key: ours[key] for key in left & unsure}
    assert rest.known == len(ours)
    stood = {key for key, one in ours.items() if one == "csv"}
    assert rest.is_part == (2 * len(stood & rest.gone.keys()) > len(stood))


def test_what_unconfirmed_looks_like() -> None:
    assert is_unconfirmed(UNCONFIRMED + "csv")
    assert not is_unconfirmed("csv")
    assert not is_unconfirmed(None)
