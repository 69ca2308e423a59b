"""The second mode of the simulator: seeded seasons on real stores, and what they have shown.

Months pass in seconds, without sessions: for what takes 30 days, deletions that leave and floors.
"""

import random  # noqa: TID251 - seeded once a run
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fedretail.errors import FedretailError
from fedretail.testing.planting import planted
from fedretail.testing.season_bugs import SEASON_BUGS
from fedretail.testing.seasons import Seasons

# Long enough for a deletion to leave, and for a node that slept for 150 days to come back.
_DAYS, _CALM_DAYS = 400, 200


class Wrong(NamedTuple):
    """A promise that was broken: which oracle saw it, on which day, and what it saw."""

    oracle: str
    day: int
    what: str


def run_seasons(seed: int, *, bugs: Sequence[str] = ()) -> list[Wrong]:
    """What is wrong after some seasons of one shop; nothing where all is well."""
    draw = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        planted(bug for name in bugs for bug in SEASON_BUGS[name]),
    ):
        run = Seasons(
            Path(folder), draw.getrandbits(32), devices=draw.choice((1, 2, 2, 3)), peers=2
        )
        try:
            return _judged(run)
        except FedretailError as error:
            return [Wrong("rows", run.day, error.message)]
        finally:
            run.close()


def _judged(run: Seasons) -> list[Wrong]:
    run.live(_DAYS)
    if not run.revived:
        run.calm(_CALM_DAYS)
    if run.revived:
        day, key = run.revived[0]
        return [Wrong("revived", day, f"{key} shows what was deleted")]
    return [Wrong("folds", run.day, f"{key} is not what was said of it") for key in run.wrong()[:1]]
