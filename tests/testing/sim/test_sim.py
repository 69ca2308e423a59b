"""A few seeds, planted bugs, and that a seed is one run: bit for bit, in any process."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("apsw", reason="needs the extra fedretail[testing]")

from fedretail.p2p.gossip import Gossip
from fedretail.testing.sim.run import run

# A few of those that `make sim` runs.
SEEDS = (17, 22, 42)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_breaks(seed: int) -> None:
    assert run(seed).violations == []


def test_each_fault_of_the_third_act_happens() -> None:
    wanted = {"own disk restored", "begun from another", "unmasked after s"}
    wanted |= {"row gone", "log damaged", "own log damaged"}
    for seed in range(1, 25):
        wanted -= set(run(seed).counts)
        if not wanted:
            return
    assert wanted == set()


def fingerprint(seed: int, hash_seed: str) -> str:
    """The fingerprint of a run in a process of its own."""
    program = f"from fedretail.testing.sim.run import run; print(run({seed}, nodes=4).fingerprint)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.process
def test_a_seed_is_one_run_in_every_process() -> None:
    first = fingerprint(3, "0")
    assert first == run(3, nodes=4).fingerprint
    assert first == fingerprint(3, "1")
    assert first != run(4, nodes=4).fingerprint


@pytest.mark.parametrize(
    ("bug", "oracle"),
    [
        ("acknowledge before commit", "acknowledged"),
        ("born ignored", "accused"),
        ("feed tells of new records alone", "feed"),
        ("nothing is pushed", "prompt"),
        ("a restored shop goes on at its old seq", "two states"),
        ("one seq signed twice with different rows", "proof"),
        ("repair accepts rows unchecked", "rows"),
    ],
)
def test_a_planted_bug_is_found(bug: str, oracle: str) -> None:
    for seed in range(1, 13):
        violations = run(seed, bugs=[bug]).violations
        if violations:
            assert violations[0].oracle == oracle
            return
    pytest.fail("no seed has found it")


def test_a_run_whose_time_stands_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever always has something to push at once, and never does, turns in a circle.
    monkeypatch.setattr(Gossip, "wait_ms", lambda gossip, now_ms, shown: 0)
    (found,) = run(1).violations
    assert found.oracle == "livelock"
