"""Import of a CSV by the command line: first time, again, after a change; memory by file size.

Each import is a process of its own, as a shopkeeper starts it. Peak memory is what the system
counts for ended children, so this runs on Linux and macOS.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _report import Figure, report
from _shops import make_shop, write_csv

ROWS = 10_000
MANY = 200_000
RUNS = 3


def main() -> None:
    """Measure, print and write everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = _start_time()
        figures = [Figure("interpreter and imports (`import --help`)", start, "s", RUNS)]
        figures += times(folder, start)
        figures += memory(folder)
    report("imports", figures)


def times(folder: Path, start: float) -> list[Figure]:
    """Seconds for 10,000 rows: new, the same again, a tenth of the prices changed."""
    first, again, changed = [], [], []
    write_csv(folder / "a.csv", ROWS)
    write_csv(folder / "b.csv", ROWS, raised=10)
    for number in range(RUNS):
        shop = make_shop(folder, number, 0)
        path, before = shop.path, shop.store.heads
        first.append(_run(path, folder / "a.csv"))
        seqs = [raw for _, _, raw in before()]
        again.append(_run(path, folder / "a.csv"))
        assert [raw for _, _, raw in before()] == seqs, "the second import has written something"
        changed.append(_run(path, folder / "b.csv"))
        shop.close()
    floor = "interpreter and imports"
    middle = statistics.median
    return [
        Figure("import 10,000 rows", middle(first), "s", RUNS, start, floor, "<= 6"),
        Figure("... the same file again", middle(again), "s", RUNS, start, floor, "<= 1"),
        Figure("... a tenth of the prices changed", middle(changed), "s", RUNS, start, floor),
    ]


def memory(folder: Path) -> list[Figure]:
    """Peak memory of an import of 10,000 and of 200,000 rows."""
    peaks = []
    for number, rows in ((10, ROWS), (11, MANY)):
        shop = make_shop(folder, number, 0)
        write_csv(folder / "many.csv", rows)
        peaks.append(_peak_mb(shop.path, folder / "many.csv"))
        shop.close()
    return [
        Figure("peak memory, 10,000 rows", peaks[0], "MB", 1),
        Figure("peak memory, 200,000 rows", peaks[1], "MB", 1, peaks[0], "10,000 rows", "flat"),
    ]


def _command(path: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "fedretail", "--data-dir", str(path), *words]


def _run(path: Path, source: Path) -> float:
    started = time.perf_counter()
    subprocess.run(_command(path, "import", str(source)), check=True, capture_output=True)
    return time.perf_counter() - started


def _start_time() -> float:
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(_command(Path(), "import", "--help"), check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _peak_mb(path: Path, source: Path) -> float:
    """Peak resident memory of one import, by the system's own count of ended children."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "capture_output=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    words = [sys.executable, "-c", program, *_command(path, "import", str(source))]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return int(done.stdout) * unit / 1e6


if __name__ == "__main__":
    main()
