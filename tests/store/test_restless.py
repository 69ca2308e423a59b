"""Old copies put back over months: what was acknowledged stays, what was deleted stays away."""

from pathlib import Path

import pytest

from fedretail.store import logs
from fedretail.testing.restless import Restless


@pytest.mark.parametrize(("devices", "seed"), [(1, 1), (2, 2), (2, 3)])
def test_nothing_acknowledged_is_lost_and_nothing_deleted_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: int, seed: int
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    run = Restless(tmp_path, seed, devices=devices)
    run.live(240)
    run.calm(84)
    assert run.judge() == []
    assert run.vacated > 0
    assert run.put_backs > 0
    assert run.taken_over > 0
    run.close()
