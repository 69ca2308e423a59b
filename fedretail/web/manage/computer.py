"""This computer: what the shop takes of its disk, how much is left, and which program this is."""

import shutil
from pathlib import Path

from starlette.responses import Response

from fedretail.node.first_run import FOLDER as FIRST_RUN
from fedretail.node.mending import FOLDER as MENDING
from fedretail.web.manage.desk import Desk
from fedretail.web.manage.uploads import FOLDER as UPLOADS


def page(desk: Desk) -> Response:
    """What takes room, what is left, what to do when it is little."""
    node = desk.node
    status, reserve_mb = node.status(), node.config.disk_reserve_mb
    free = shutil.disk_usage(node.path).free
    waiting = sum(_size(node.path / name) for name in (UPLOADS, MENDING, FIRST_RUN))
    return desk.show(
        "computer",
        place="today",
        folder=node.path.resolve(),
        store=desk.say.size(status["store_bytes"]),
        index=desk.say.size(status["index_bytes"]),
        waiting=desk.say.size(waiting) if waiting else "",
        free=desk.say.size(free),
        reserve=desk.say.size(reserve_mb * 1_000_000),
        is_short=free < reserve_mb * 1_000_000,
        version=status["version"],
    )


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; what goes away meanwhile is left out."""
    total = 0
    for one in folder.rglob("*"):
        try:
            total += one.stat().st_size if one.is_file() else 0
        except OSError:
            continue
    return total
