"""The second mode of the simulator: seeded seasons on real stores, and what they have shown.

Months pass in seconds, without sessions: for what takes 30 days, deletions that leave and floors.
"""

import random  # noqa: TID251 - seeded once a run
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fedretail.errors import FedretailError
from fedretail.testing.planting import planted
from fedretail.testing.season_bugs import SEASON_BUGS
from fedretail.testing.seasons import Seasons

# Long enough for a deletion to leave, and for a node that slept for 150 days to come back.
_DAYS, _CALM_DAYS = 400, 200


def run_seasons(seed: int, *, bugs: Sequence[str] = ()) -> list[str]:
    """What is wrong after some seasons of one shop, a line each; nothing where all is well."""
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
            return [f"rows: day {run.day}: {error.message}"]
        finally:
            run.close()


def _judged(run: Seasons) -> list[str]:
    run.live(_DAYS)
    if run.revived:
        return [f"revived: {run.revived[0]}"]
    run.calm(_CALM_DAYS)
    wrong = [f"revived: {one}" for one in run.revived[:1]]
    return wrong + [f"folds: {key} is not what was said of it" for key in run.wrong()[:1]]
