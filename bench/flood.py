"""What one flooding peer costs honest ones: the time of a first copy with it beside without it.

The shop and the flooding peer are processes of their own. The flooding peer yields to all others
(nice 19), so that what it costs is the shop's work for it and not its own; where cores are fewer
than processes, part of the cost is still that. Runs with and without it alternate.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from _report import Figure, report
from _shops import make_shop
from sync import Served, fetch

from fedretail.commands._circles import look_past_what_is_loaded, look_seldom
from fedretail.node.networks import network
from fedretail.node.node import Node
from fedretail.testing.hostile.floods import KINDS

OFFERS = 10_000
RUNS = 5
# The flood is under way, and its first burst is spent, before anything is measured.
SETTLE_S = 12.0
# A daemon that has just started recounts its own rows, and asks its neighbours first.
STARTED_S, ALONE_S = 5.0, 4.0
AIM = "<= 10 % more than without"
_FLOOD = """
import sys, trio
from fedretail.testing.hostile.floods import flood
trio.run(flood, sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3])
"""


def main() -> None:
    """Measure, print and write everything; words on the command line choose floods."""
    look_seldom()  # as every fedretail process does
    look_past_what_is_loaded()  # as the daemon does
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        shop = make_shop(Path(name), 0, OFFERS)
        for kind in sys.argv[1:] or KINDS:
            figures += measured(Path(name), shop, kind)
        shop.close()
    report("flood", figures)


def measured(folder: Path, shop: Node, kind: str) -> list[Figure]:
    """A first copy without and with this flood, in turns; the shop's work for the flood alone."""
    quiet, loud, alone = [], [], 0.0
    for run in range(RUNS):
        with Served(shop.path) as served:
            time.sleep(STARTED_S)
            quiet.append(copy(folder, f"{kind}-{run}-quiet", served.ticket))
        with Served(shop.path) as served, flooding(shop, kind):
            time.sleep(SETTLE_S)
            alone = max(alone, share_of_a_core(served.process.pid))
            loud.append(copy(folder, f"{kind}-{run}-loud", served.ticket))
    without, with_it = statistics.median(quiet), statistics.median(loud)
    print(f"{kind}: {without:.2f} s without, {with_it:.2f} s with it", flush=True)
    return [
        Figure(f"{kind}: first copy of {OFFERS:,}", with_it, "s", RUNS, without, "without", AIM),
        Figure("... more than without", 100 * (with_it / without - 1), "%", RUNS, aim="<= 10"),
        Figure("... the shop's work for the flood alone", 100 * alone, "% core", RUNS),
    ]


def copy(folder: Path, name: str, ticket: str) -> float:
    """Seconds for a first copy of the shop."""
    return fetch(folder, name.replace(" ", "-"), ticket, OFFERS)[0]


def share_of_a_core(pid: int) -> float:
    """The part of a core that a process takes, for a few seconds."""
    process = psutil.Process(pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(ALONE_S)
    return float(sum(process.cpu_times()[:2]) - before) / ALONE_S


@contextmanager
def flooding(shop: Node, kind: str) -> Iterator[None]:
    """A flooding peer in a process of its own."""
    state = shop.daemon_state()
    assert state is not None
    words = [state["addresses"][0], (network(shop) or b"").hex(), kind]
    with subprocess.Popen([sys.executable, "-c", _FLOOD, *words]) as process:
        psutil.Process(process.pid).nice(19 if os.name == "posix" else None)
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    main()
