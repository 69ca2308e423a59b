"""Who goes when room runs out, against a plain list that is sorted anew each time."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.pictures.ledger import Kept, Ledger

names = st.sampled_from([bytes([n]) * 32 for n in range(6)])
deeds = st.one_of(
    st.tuples(st.just("put"), names, st.integers(1, 50), st.booleans()),
    st.tuples(st.just("show"), names, st.just(0), st.just(False)),
    st.tuples(st.just("drop"), names, st.just(0), st.just(False)),
)


@given(st.lists(deeds, max_size=40), st.integers(0, 200))
def test_what_was_shown_longest_ago_goes_first_and_own_ones_never(
    done: list[tuple[str, bytes, int, bool]], most: int
) -> None:
    ledger, known = Ledger(), dict[bytes, Kept]()
    for at_ms, (what, name, size, is_own) in enumerate(done):
        if what == "put":
            ledger.put(name, Kept(size, at_ms, is_own))
            known[name] = Kept(size, at_ms, is_own)
        elif what == "show":
            before = ledger.show(name, at_ms)
            assert before == (known[name].shown_ms if name in known else None)
            if name in known:
                known[name] = known[name]._replace(shown_ms=at_ms)
        else:
            ledger.drop(name)
            known.pop(name, None)
    assert len(ledger) == len(known)
    assert all(ledger.get(name) == kept for name, kept in known.items())
    assert ledger.total_bytes == sum(kept.size_bytes for kept in known.values())
    assert set(ledger) == set(known)
    gone = ledger.leaving(most)
    expected, left = [], ledger.total_bytes
    for name in sorted(known, key=lambda one: known[one].shown_ms):
        if left > most and not known[name].is_own:
            expected.append(name)
            left -= known[name].size_bytes
    assert gone == expected
