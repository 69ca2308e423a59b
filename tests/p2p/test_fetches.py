"""Claims: one session a log, four sessions at once, nothing held by the dead."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p.fetches import MAX_FETCHING, Fetches

LOGS = [bytes([n]) * 16 for n in range(4)]
SESSIONS = [object() for _ in range(MAX_FETCHING + 2)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "release", "end"]),
        st.integers(0, len(LOGS) - 1),
        st.integers(0, len(SESSIONS) - 1),
    ),
    max_size=60,
)


@given(STEPS)
def test_claims_are_those_of_a_plain_table(steps: list[tuple[str, int, int]]) -> None:
    fetches = Fetches()
    holders: dict[bytes, object] = {}
    for name, at, who in steps:
        log, session = LOGS[at], SESSIONS[who]
        if name == "claim":
            is_among = session in holders.values() or len(set(holders.values())) < MAX_FETCHING
            may = is_among and holders.get(log, session) is session
            assert fetches.claim(log, session) == may
            if may:
                holders[log] = session
        elif name == "release" and holders.get(log) is session:
            fetches.release(log, session)
            del holders[log]
        elif name == "release":
            fetches.release(log, session)
        else:
            fetches.release_all(session)
            holders = {log: holder for log, holder in holders.items() if holder is not session}
        assert len(fetches) == len(holders)


def test_a_fifth_session_waits_until_one_has_all_it_asked_for() -> None:
    fetches = Fetches()
    for number in range(MAX_FETCHING):
        assert fetches.claim(bytes([number]), SESSIONS[number])
    assert not fetches.claim(b"more", SESSIONS[MAX_FETCHING])
    assert fetches.claim(b"more", SESSIONS[0])
    fetches.release(b"\0", SESSIONS[0])
    assert not fetches.claim(b"other", SESSIONS[MAX_FETCHING])
    fetches.release(b"more", SESSIONS[0])
    assert fetches.claim(b"other", SESSIONS[MAX_FETCHING])
