"""A real daemon under each attack, in small; `make hostile-daemon` has the whole of it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from fedretail.testing.hostile import attacks, runner
from fedretail.testing.hostile.siege import OFFERS, Health, Siege, besieged

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="needs all addresses of 127.0.0.0/8"),
]
# Reached only when something hangs.
PATIENCE_S = 120.0
ATTACK_S = 20.0
MARKED_S = 30.0
MARKS = {"accepted": 50, "handshake_failed": 30, "streams_refused": 10, "refused": 50}


async def test_a_daemon_outlives_each_attack(tmp_path: Path) -> None:
    with trio.fail_after(PATIENCE_S):
        async with besieged(tmp_path) as siege:
            assert (await siege.health()).faults == ()
            for name, attack in attacks.SHORT.items():
                with trio.move_on_after(ATTACK_S):
                    await attack(siege)
                assert (name, (await siege.health()).faults) == (name, ())
            # The attacks have arrived: each left its mark.
            with trio.move_on_after(MARKED_S):
                while _missing(siege):
                    await trio.sleep(0.2)
            assert _missing(siege) == {}


def _missing(siege: Siege) -> dict[str, int]:
    """Which marks are not to be seen yet, and how far they are."""
    counts = {name: siege.counted(name) for name in MARKS}
    return {name: count for name, count in counts.items() if count < MARKS[name]}


async def test_what_a_siege_would_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.testing.hostile.siege.PATIENCE_S", 2.0)
    with trio.fail_after(PATIENCE_S):
        async with besieged(tmp_path) as siege:
            fields = {"name": "Another", "currency": "EUR", "prices": [[1]]}
            siege.node.write("offer", "more", fields, site=siege.node.site())
            assert siege.network
            (siege.served.path / "daemon.txt").write_text("Traceback", encoding="utf-8")
            monkeypatch.setattr("fedretail.testing.hostile.siege.OFFERS", OFFERS + 5)
            monkeypatch.setattr("fedretail.testing.hostile.siege.MAX_GROWTH_BYTES", -(1 << 40))
            faults = (await siege.health()).faults
            assert [one.split(" ")[0:2] for one in faults] == [
                ["search", "finds"], ["the", "daemon"], ["the", "daemon"]
            ]  # fmt: skip
            siege.served.kill()
            faults = (await siege.health()).faults
            assert faults[0] == "an honest peer had no sync in 2 s"
            assert faults[-1] == "the daemon is gone"


def test_the_command_tells_of_each_attack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[Callable[..., Any]] = []

    async def attack(siege: Any) -> None:
        told.append(siege)

    async def ill(siege: Any) -> Health:
        return Health(1.0, 1 << 20, ("it has given way",) if told else ())

    monkeypatch.setattr(attacks, "SHORT", {"an attack": attack})
    monkeypatch.setattr("fedretail.testing.hostile.siege.Siege.health", ill)
    assert runner.besiege(is_short=True) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("before")
    assert out[0].endswith("ok")
    assert out[1].startswith("an attack")
    assert out[1].endswith("it has given way")
