"""Messages that are handled together: parts of different logs, in order, nothing lost."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.row import RowKey
from fedretail.errors import PeerError
from fedretail.p2p import wire
from fedretail.p2p.session import _MAX_GROUP, grouped


def part(log: int) -> wire.Received:
    raw = bytes([log % 256, log // 256]).ljust(16, b"l")
    return wire.Received(wire.Advance(raw, 0, b"", b"\x90", RowKey("", "")), 10, 10)


def other() -> wire.Received:
    return wire.Received(wire.Credit(1), 5, 5)


_MESSAGES = st.lists(st.one_of(st.builds(part, st.integers(0, 5)), st.builds(other)), max_size=30)


@given(messages=_MESSAGES)
def test_nothing_is_lost_or_out_of_order(messages: list[wire.Received]) -> None:
    groups = list(grouped(iter(messages)))
    assert [one for group in groups for one in group] == messages
    for group in groups:
        logs = [one.message.log for one in group if isinstance(one.message, wire.Advance)]
        assert len(group) == 1 or len(logs) == len(group) == len(set(logs))


@given(messages=_MESSAGES)
def test_what_came_before_a_broken_message_is_handed_on(messages: list[wire.Received]) -> None:
    def broken() -> Iterator[wire.Received]:
        yield from messages
        raise PeerError("broken")

    groups: list[list[wire.Received]] = []
    with pytest.raises(PeerError):
        groups.extend(grouped(broken()))
    assert [one for group in groups for one in group] == messages


def test_groups_are_bounded() -> None:
    groups = list(grouped(part(number) for number in range(_MAX_GROUP * 2 + 1)))
    assert [len(group) for group in groups] == [_MAX_GROUP, _MAX_GROUP, 1]
