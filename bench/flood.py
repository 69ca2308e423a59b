"""What one flooding peer costs honest ones: the time of a first copy before, beside and after it.

The shop and the flooding peer are processes of their own. The flooding peer calls over IPv6, the
honest ones over IPv4: the door counts what comes from one address together, so that who shares
one with it waits for its turn; that wait is a figure of its own. The flooding peer yields to all
others (nice 19), so that what it costs is the shop's work for it and not its own; where cores are
fewer than processes, part of the cost is still that. Each run begins with a fresh shop.
"""

import os
import shutil
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
from sync import LISTEN, Served, fetch

from fedretail.commands._circles import look_past_what_is_loaded, look_seldom
from fedretail.p2p.ticket import Ticket
from fedretail.testing.hostile.floods import KINDS

OFFERS = 10_000
# Runs, each with a fresh shop, and copies in each: single ones differ by 15 %.
RUNS, COPIES = 3, 5
# The flood is under way, and its first burst is spent, before anything is measured.
SETTLE_S = 12.0
# A daemon that has just started recounts its own rows, and asks its neighbours first.
STARTED_S, ALONE_S = 5.0, 4.0
FLOODED, ELSEWHERE = "/ip6/", "/ip4/"
BOTH = [*LISTEN, "/ip6/::1/tcp/0"]
AIM = "<= 10 % more than before it"
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
        shop.close()
        for kind in sys.argv[1:] or KINDS:
            figures += measured(Path(name), shop.path, kind)
    report("flood", figures)


def measured(folder: Path, shop: Path, kind: str) -> list[Figure]:
    """A first copy before, beside and after this flood; the shop's work for the flood alone."""
    before, loud, near, after, alone = [], [], [], [], 0.0
    for run in range(RUNS):
        path = folder / f"{kind}-{run}".replace(" ", "-")
        shutil.copytree(shop, path / "shop")
        before += quiet_copies(path, "before")
        with Served(path / "shop", BOTH) as served, flooding(served, kind):
            time.sleep(SETTLE_S)
            alone = max(alone, share_of_a_core(served.process.pid))
            loud += copies(path, "loud", served)
            near.append(copy(path, "near", served, FLOODED))
        after += quiet_copies(path, "after")
    all_ = RUNS * COPIES
    base, with_it, beside, without = map(statistics.median, (before, loud, near, after))
    print(f"{kind}: {base:.2f} s, {with_it:.2f} with it, {without:.2f} after it", flush=True)
    return [
        Figure(f"{kind}: first copy of {OFFERS:,}", with_it, "s", all_, base, "before it", AIM),
        Figure("... more than before it", 100 * (with_it / base - 1), "%", all_, aim="<= 10"),
        Figure("... from the address of the flood", beside, "s", RUNS, base, "before it"),
        Figure("... with what it leaves behind", without, "s", all_, base, "before it"),
        Figure("... the shop's work for the flood alone", 100 * alone, "% core", RUNS),
    ]


def quiet_copies(folder: Path, name: str) -> list[float]:
    """Seconds for each of some first copies of the shop in that folder, with nobody beside it."""
    with Served(folder / "shop", BOTH) as served:
        time.sleep(STARTED_S)
        return copies(folder, name, served)


def copies(folder: Path, name: str, served: Served) -> list[float]:
    """Seconds for each of some first copies, one after the other, each by a new node."""
    return [copy(folder, f"{name}-{number}", served, ELSEWHERE) for number in range(COPIES)]


def copy(folder: Path, name: str, served: Served, places: str) -> float:
    """Seconds for a first copy of the shop, called where its addresses begin with `places`."""
    return fetch(folder, name, _at(served, places).text(), OFFERS)[0]


def _at(served: Served, places: str) -> Ticket:
    ticket = Ticket.parse(served.ticket)
    return ticket._replace(
        addresses=tuple(one for one in ticket.addresses if one.startswith(places))
    )


def share_of_a_core(pid: int) -> float:
    """The part of a core that a process takes, for a few seconds."""
    process = psutil.Process(pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(ALONE_S)
    return float(sum(process.cpu_times()[:2]) - before) / ALONE_S


@contextmanager
def flooding(served: Served, kind: str) -> Iterator[None]:
    """A flooding peer in a process of its own."""
    ticket = _at(served, FLOODED)
    words = [ticket.addresses[0], ticket.network.hex(), kind]
    with subprocess.Popen([sys.executable, "-c", _FLOOD, *words]) as process:
        psutil.Process(process.pid).nice(19 if os.name == "posix" else None)
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    main()
