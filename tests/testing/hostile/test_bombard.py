"""A fixed share of `make hostile`: mutated frames against a live session, and what finds harm."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt import head as head_module
from fedretail.crdt.head import SignedHead
from fedretail.p2p import wire
from fedretail.p2p.session import Session
from fedretail.store import log
from fedretail.testing.hostile.bombard import Bombardment, Tally, untouchable, violations
from fedretail.testing.hostile.runner import bombard
from fedretail.testing.hostile.stage import HONEST, LIAR, VICTIM

SEED = 4817


@pytest.fixture(scope="module")
def bombardment(tmp_path_factory: pytest.TempPathFactory) -> Bombardment:
    return Bombardment(tmp_path_factory.mktemp("stage"), SEED)


def test_mutated_frames_do_no_harm(bombardment: Bombardment) -> None:
    tally = Tally()
    for number in range(6):
        tally.add(bombardment.round(number))
    assert tally.faults == []
    assert tally.frames >= 3000
    # Many are refused, as many must be taken that the next is met by a session that has gone on.
    assert tally.counts["refused"] > 1000
    assert tally.counts["taken"] > 500


def test_a_round_is_the_same_each_time(bombardment: Bombardment) -> None:
    first, second = bombardment.round(3, 60), bombardment.round(3, 60)
    assert (first.frames, first.bytes, first.counts) == (second.frames, second.bytes, second.counts)


def test_memory_stays_where_it_was(bombardment: Bombardment) -> None:
    bombardment.round(50, 100)
    tracemalloc.start()
    try:
        bombardment.round(51, 200)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A payload of 1 MiB may hold a million empty lists, of 56 bytes each.
    assert peak < 100 * 1024 * 1024
    assert now < 4 * 1024 * 1024


def test_the_recordings_hold_what_there_is_to_break(bombardment: Bombardment) -> None:
    told = set(bombardment.stage.types.values())
    assert told == {
        "HELLO", "AUTH", "RANGES", "HEADS", "SINCE", "OFFER", "ADVANCE", "PUSH", "CREDIT", "DONE"
    }  # fmt: skip


# --- what would be found ---


def found(bombardment: Bombardment) -> str:
    """What the first round that finds anything finds; "" where a dozen find nothing."""
    rounds = (bombardment.round(number).faults for number in range(12))
    return next(("\n".join(faults) for faults in rounds if faults), "")


def test_an_error_nobody_handles_is_found(
    bombardment: Bombardment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(self: Any, push: Any) -> Any:
        raise KeyError("never thought of")

    monkeypatch.setitem(Session._HANDLERS, wire.Push, careless)
    assert "never thought of" in found(bombardment)


def test_signatures_that_nobody_checks_are_found(
    bombardment: Bombardment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_module, "is_signed", lambda *_: True)
    faults = found(bombardment)
    assert "that its device has not made" in faults or "for one that signs twice" in faults


def test_a_digest_that_nobody_checks_is_found(
    bombardment: Bombardment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "agrees", lambda *_: True)
    assert "check:" in found(bombardment)


def test_what_is_in_the_store_is_told_apart(bombardment: Bombardment) -> None:
    stage = bombardment.stage
    with stage.copy() as victim:
        before = untouchable(victim)
        author = VICTIM.author()
        victim.store.renew(author, "member")
        assert violations(stage, victim, before) == ["something of the shop's own has changed"]
    assert {SignedHead.parse(raw).is_by(HONEST.devices[0].public) for raw in stage.heads} == {
        True,
        False,
    }
    assert LIAR.owner != HONEST.owner


# --- the command ---


def test_the_command_tells_how_far_it_is_and_how_it_went(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bombard(600, 7, first=2) == 0
    out = capsys.readouterr().out
    assert "600 mutated frames, seed 7, from round 2 on" in out
    assert " 0 faults" in out


def test_the_command_fails_and_tells_what_replays_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def harmed(self: Bombardment, number: int) -> Tally:
        return Tally(frames=500, faults=["harm"])

    monkeypatch.setattr(Bombardment, "round", harmed)
    assert bombard(500, 7, first=4) == 1
    out = capsys.readouterr().out
    assert "harm\nreplay: python -m fedretail.testing.hostile frames" in out
    assert "--seed 7 --round 4" in out


def test_the_folder_of_the_stage_is_made(tmp_path: Path) -> None:
    assert Bombardment(tmp_path / "a" / "b", 1).stage.recordings
