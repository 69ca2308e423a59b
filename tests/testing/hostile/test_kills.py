"""A few rounds of `make kill-loop`, and that it would find what was lost."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from fedretail.testing.hostile import runner
from fedretail.testing.hostile.kills import Killed, KillLoop, kill_loop

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
]


def test_nothing_that_was_saved_is_lost(tmp_path: Path) -> None:
    said: list[str] = []
    done = kill_loop(tmp_path, 3, seed=4, say=said.append)
    assert done.faults == []
    assert done.rounds == 3
    assert done.acknowledged > 10
    assert said == [f"     3 rounds: {done.acknowledged:,} acknowledged, 0 faults"]


def test_what_was_lost_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.testing.hostile.kills._PATIENCE_S", 0.0)
    with ExitStack() as undo:
        loop = KillLoop(tmp_path, 4, undo)
        loop.saved[loop.node.path]["A1"] = 7
        loop.look(loop.node)
        assert loop.done.faults == ["round 0, killed: A1 was saved as 7, is None"]
        fields = {"name": "Bread", "currency": "EUR", "prices": [[6]]}
        loop.node.write("offer", "A1", fields, site=loop.node.site())
        loop.look(loop.node)
        assert loop.done.faults[1:] == ["round 0, killed: A1 was saved as 7, is [[6]]"]
        loop.finish()
        assert "the two shops do not come to the same" in loop.done.faults


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner, "kill_loop", lambda *_, **__: Killed(5, 100, []))
    assert runner.kill(5, 1) == 0
    monkeypatch.setattr(runner, "kill_loop", lambda *_, **__: Killed(5, 100, ["a loss"]))
    assert runner.kill(5, 1) == 1
    assert capsys.readouterr().out == "5 rounds, seed 1\n5 rounds, seed 1\nFAULT a loss\n"
