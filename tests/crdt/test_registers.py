"""The fold: one value from any order, any repetition, any split of what was written."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack
from fedretail.crdt.registers import fold
from fedretail.crdt.row import Row, merged
from fedretail.crdt.stamp import MATURITY_MS

NOW = 10
DEVICES = [b"a" * 32, b"b" * 32, b"c" * 32]
# (device, stamp, field, value); "!" deletes; stamps from 8 on are not in force.
WRITES = st.lists(
    st.tuples(
        st.sampled_from(DEVICES),
        st.integers(1, 9).map(lambda stamp: stamp if stamp < 8 else stamp + MATURITY_MS + NOW),
        st.sampled_from(["!", "f", "g"]),
        st.sampled_from([1, 2, "1", b"1", None, [1], {"a": 1}]),
    ),
    max_size=12,
)


def reference(writes: list[Any]) -> dict[str, Any] | None:
    """The greatest write of each field, by sorting; then those a deletion beats are dropped."""
    inside = [write for write in writes if write[1] <= NOW + MATURITY_MS]
    ranked = sorted(inside, key=lambda write: (write[1], write[0], pack(write[3])))
    newest = {name: (stamp, device, value) for device, stamp, name, value in ranked}
    gone = newest.pop("!", None)
    alive = {name: won for name, won in newest.items() if not gone or won[:2] > gone[:2]}
    return {name: won[2] for name, won in sorted(alive.items())} or None


def with_deletions(writes: list[Any]) -> list[Any]:
    return [
        (device, stamp, name, True if name == "!" else value)
        for device, stamp, name, value in writes
    ]


@given(WRITES, st.randoms(use_true_random=False))
def test_any_order_repetition_and_split(writes: list[Any], random: Any) -> None:
    writes = with_deletions(writes)
    parts = [(device, [(stamp, {name: value})]) for device, stamp, name, value in writes]
    expected = reference(writes)
    for _ in range(4):
        mixed = random.sample(parts, len(parts)) + random.choices(parts, k=3) if parts else []
        found = fold(mixed, now_ms=NOW)
        assert (found and found.fields) == expected
    whole = fold(parts, now_ms=NOW)
    if whole is not None:
        assert list(whole.fields) == list(whole.stamps) == sorted(whole.fields)


@given(WRITES)
def test_rows_that_merged_fold_to_what_was_written_in_order(writes: list[Any]) -> None:
    """A device writes with rising stamps: its row holds what counts of all it wrote."""
    ordered = with_deletions(sorted(writes, key=lambda write: write[1]))
    rows: dict[bytes, Row] = {}
    kept: list[Any] = []
    for seq, (device, stamp, name, value) in enumerate(ordered, start=1):
        if any(other[:3] == (device, stamp, name) for other in kept):
            continue
        kept.append((device, stamp, name, value))
        rows[device] = merged(rows.get(device), [(stamp, {name: value})], seq=seq, born=seq)
    # A later write that is not in force hides the earlier one of its own device: a row keeps one
    # value a field. Stamps of one device only run ahead with its clock.
    if all(stamp < 8 for _, stamp, _, _ in kept):
        found = fold([(device, row.groups) for device, row in rows.items()], now_ms=NOW)
        assert (found and found.fields) == reference(kept)


def test_the_later_price_wins_then_the_key_then_the_bytes() -> None:
    a, b = DEVICES[:2]
    assert value([(a, 2, 5), (b, 1, 9)]) == 5
    assert value([(a, 2, 5), (b, 2, 1)]) == 1
    assert value([(a, 2, 5), (a, 2, 6)]) == 6


def value(writes: list[tuple[bytes, int, Any]]) -> Any:
    folded = fold([(device, [(stamp, {"f": item})]) for device, stamp, item in writes], now_ms=NOW)
    assert folded is not None
    return folded.fields["f"]


def test_a_deletion_beats_all_older_fields_in_all_logs() -> None:
    a, b, _ = DEVICES
    old = (a, [(3, {"f": 1, "g": 2})])
    assert fold([old, (b, [(4, {"!": True})])], now_ms=NOW) is None
    assert fold([old, (b, [(2, {"!": True})])], now_ms=NOW) is not None
    again = fold([old, (b, [(5, {"g": 9}), (4, {"!": True})])], now_ms=NOW)
    assert again is not None
    assert again.fields == {"g": 9}
    assert again.stamps == {"g": 5}


def test_a_deletion_from_the_future_waits() -> None:
    later = NOW + MATURITY_MS + 1
    rows = [(DEVICES[0], [(3, {"f": 1})]), (DEVICES[1], [(later, {"!": True})])]
    assert fold(rows, now_ms=NOW) is not None
    assert fold(rows, now_ms=NOW + 1) is None


@given(
    st.lists(
        st.tuples(
            st.integers(NOW, NOW + MATURITY_MS + 1),
            st.dictionaries(st.sampled_from(["!", "name", "pack"]), st.just(True), max_size=3),
        ),
        max_size=2,
    )
)
def test_a_sole_row_tells_what_it_tells_among_others(groups: Any) -> None:
    groups = [(stamp, dict(sorted(fields.items()))) for stamp, fields in groups]
    sole = fold([(b"a", groups)], now_ms=NOW)
    among = fold([(b"a", groups), (b"a", groups)], now_ms=NOW)
    assert sole == among
    assert sole is None or among is None or list(sole.fields) == list(among.fields)


def test_nothing_is_no_record() -> None:
    assert fold([], now_ms=NOW) is None
    assert fold([(DEVICES[0], [])], now_ms=NOW) is None
