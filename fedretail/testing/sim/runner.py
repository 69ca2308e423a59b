"""Many seeds: a table of what they have shown, and the command that replays one that failed."""

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from time import perf_counter

from fedretail.testing.sim import bugs
from fedretail.testing.sim.run import Verdict, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds asked for; 1 where one has failed, or a planted bug was not found."""
    options = _parser().parse_args(arguments)
    if os.environ.get("PYTHONHASHSEED") != "0":
        return _begin_anew(sys.argv[1:] if arguments is None else arguments)
    if options.bugs_table:
        return _show_bugs(options.seeds or range(1, 41), options.jobs)
    if options.seed is not None:
        return _show_one(run(options.seed, bugs=options.bug, nodes=options.nodes))
    step = partial(_run_briefly, bugs=tuple(options.bug), nodes=options.nodes)
    return _show_many(_verdicts(step, options.seeds or range(1, 21), options.jobs), options.bug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fedretail.testing.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and tell its story")
    parser.add_argument("--seeds", type=_seeds, help="run these, as in 200 or 1000-2000")
    parser.add_argument("--nodes", type=int, default=5, help="computers in the street")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument(
        "--bug", action="append", default=[], choices=sorted(bugs.BUGS), help="plant this bug"
    )
    parser.add_argument(
        "--bugs-table", action="store_true", help="plant each bug, and count who finds it"
    )
    return parser


def _seeds(text: str) -> range:
    first, _, last = text.rpartition("-")
    return range(int(first or 1), int(last) + 1)


def _begin_anew(arguments: Sequence[str]) -> int:
    """The same in a process whose sets have the same order each time."""
    command = [sys.executable, "-m", "fedretail.testing.sim", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, env=environment, check=False).returncode


def _run_briefly(seed: int, bugs: tuple[str, ...], nodes: int) -> Verdict:
    """A run without its story, which would only be carried from process to process."""
    return replace(run(seed, bugs=bugs, nodes=nodes), story=[])


def _verdicts(step: "partial[Verdict]", seeds: Iterable[int], jobs: int) -> Iterator[Verdict]:
    if jobs < 2:
        yield from map(step, seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(step, seeds)


def _show_one(verdict: Verdict) -> int:
    for line in verdict.story:
        _say(line)
    _say(_line(verdict))
    for name, number in sorted(verdict.counts.items()):
        _say(f"  {number:>9,}  {name}")
    return 1 if verdict.violations else 0


def _show_many(verdicts: Iterable[Verdict], planted: Sequence[str]) -> int:
    began, count, failed = perf_counter(), 0, 0
    simulated_s, cpu_s, totals = 0.0, 0.0, Counter[str]()
    for verdict in verdicts:
        count += 1
        simulated_s, cpu_s = simulated_s + verdict.simulated_s, cpu_s + verdict.cpu_s
        totals.update(verdict.counts)
        _say(_line(verdict))
        if verdict.violations:
            failed += 1
            flags = "".join(f" --bug '{name}'" for name in planted)
            _say(f"     replay: python -m fedretail.testing.sim --seed {verdict.seed}{flags}")
    took_s = perf_counter() - began
    _say("")
    for name, number in sorted(totals.items()):
        _say(f"  {number:>11,}  {name}")
    _say(
        f"{count} seeds, {failed} failed; {count / took_s:.2f} seeds/s,"
        f" {simulated_s / took_s:,.0f} simulated s/s; {count / cpu_s:.2f} seeds/s of one core"
    )
    return 1 if failed else 0


def _show_bugs(seeds: Sequence[int], jobs: int) -> int:
    """For each bug: in how many of the seeds it is found, first where, and by which oracles."""
    missed = 0
    _say(f"| planted bug | found in seeds (of {len(seeds)}) | first in seed | by |")
    _say("|---|---|---|---|")
    for name in sorted(bugs.BUGS):
        step = partial(_run_briefly, bugs=(name,), nodes=5)
        found = [one for one in _verdicts(step, seeds, jobs) if one.violations]
        oracles = Counter(one.violations[0].oracle for one in found)
        first = str(found[0].seed) if found else "-"
        by = ", ".join(f"{oracle} {number}" for oracle, number in oracles.most_common())
        _say(f"| {name} | {len(found)} | {first} | {by} |")
        missed += not found
    return 1 if missed else 0


def _line(verdict: Verdict) -> str:
    wrong = "; ".join(f"{one.oracle} at {one.at_ms} ms: {one.what}" for one in verdict.violations)
    counts = verdict.counts
    return (
        f"{verdict.seed:>6}  {verdict.fingerprint}  {counts.get('commits', 0):>4} commits"
        f"  {counts.get('bytes', 0) / 1000:>7.0f} kB  {verdict.simulated_s:>5.0f} s"
        f"  {'FAILED ' + wrong if wrong else 'ok'}"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
