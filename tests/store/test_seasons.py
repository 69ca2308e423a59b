"""What was deleted stays deleted, over months, with devices and peers asleep for 150 days."""

from pathlib import Path

import pytest

from fedretail.testing.seasons import Seasons


@pytest.mark.parametrize(
    ("devices", "seed"), [(1, 0), (2, 0), (2, 1), (2, 3), (2, 7), (3, 0), (3, 4), (3, 6)]
)
def test_what_was_deleted_is_never_shown_again(tmp_path: Path, seed: int, devices: int) -> None:
    """Seeds in which simpler rules show it: at once, on later heads alone, nothing remembered."""
    run = Seasons(tmp_path, seed, devices=devices, peers=2)
    run.live(400)
    assert run.revived == []
    assert run.vacated > 0
    written = run.rows_left()
    run.calm(200)
    assert run.revived == []
    assert run.wrong() == []
    # Rows of records that are deleted everywhere have gone for ever.
    assert run.rows_left() < written
    run.close()
