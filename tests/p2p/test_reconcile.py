"""Both sides learn what the other lacks, and what both have."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p import reconcile
from fedretail.p2p.items import HEAD_ITEM_BYTES
from fedretail.p2p.reconcile import Comparison, Item

KEY = reconcile.salt(b"a" * 16, b"b" * 16)
ITEMS = st.lists(
    st.binary(min_size=HEAD_ITEM_BYTES, max_size=HEAD_ITEM_BYTES).map(
        lambda key: Item(b"raw" + key, key, None)
    ),
    unique=True,
    max_size=60,
)


def test_both_ends_make_one_salt_and_each_session_another() -> None:
    assert reconcile.salt(b"b" * 16, b"a" * 16) == KEY
    assert reconcile.salt(b"a" * 16, b"c" * 16) != KEY


@given(both=ITEMS, one=ITEMS, two=ITEMS)
def test_what_the_other_lacks_and_what_both_have(
    both: list[Item], one: list[Item], two: list[Item]
) -> None:
    mine, theirs = (list(dict.fromkeys(some)) for some in ([*one, *both], [*both, *two]))
    sides = Comparison(mine, KEY), Comparison(theirs, KEY)
    turn, frames = 1, sides[0].start()
    while frames:
        frames = [said for frame in frames for said in sides[turn].answer(frame)]
        turn = 1 - turn
    for side, items, others in ((sides[0], mine, theirs), (sides[1], theirs, mine)):
        assert side.is_done
        assert side.lacked() == [item for item in items if item not in others]
        assert side.common() == [item for item in items if item in others]
