"""Many seeds, of streets or seasons: what they have shown, and how to replay one that failed."""

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
from typing import TypeVar

from fedretail.testing.season_bugs import SEASON_BUGS
from fedretail.testing.season_runs import Wrong, run_seasons
from fedretail.testing.sim.bugs import BUGS
from fedretail.testing.sim.run import Verdict, run
from fedretail.testing.sim.world import Violation

_T = TypeVar("_T")
_ALL_BUGS = sorted([*BUGS, *SEASON_BUGS])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds asked for; 1 where one has failed, or a planted bug was not found."""
    options = _options(arguments)
    if os.environ.get("PYTHONHASHSEED") != "0":
        return _begin_anew(sys.argv[1:] if arguments is None else arguments)
    if options.bugs_table:
        return _show_bugs(options.seeds or range(1, 41), options.jobs)
    planted = tuple(options.bug)
    if options.seasons is not None:
        lived = _each(partial(_live, bugs=planted), options.seasons, options.jobs)
        return _show_seasons(lived, planted)
    if options.seed is not None:
        return _show_one(run(options.seed, bugs=planted, nodes=options.nodes))
    step = partial(_run_briefly, bugs=planted, nodes=options.nodes)
    return _show_many(_each(step, options.seeds or range(1, 21), options.jobs), planted)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    known = BUGS if options.seasons is None else SEASON_BUGS
    if strange := [name for name in options.bug if name not in known]:
        where = "streets" if known is SEASON_BUGS else "--seasons"
        parser.error(f"'{strange[0]}' is a bug of {where}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fedretail.testing.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and tell its story")
    parser.add_argument("--seeds", type=_seeds, help="run these, as in 200 or 1000-2000")
    parser.add_argument("--seasons", type=_seeds, help="let 600 days pass in each of these")
    parser.add_argument("--nodes", type=int, default=5, help="computers in the street")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument(
        "--bug", action="append", default=[], choices=_ALL_BUGS, help="plant this bug"
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


def _live(seed: int, bugs: tuple[str, ...]) -> tuple[int, list[Wrong]]:
    return seed, run_seasons(seed, bugs=bugs)


def _run_briefly(seed: int, bugs: tuple[str, ...], nodes: int) -> Verdict:
    """A run without its story, which would only be carried from process to process."""
    return replace(run(seed, bugs=bugs, nodes=nodes), story=[])


def _each(step: "partial[_T]", seeds: Iterable[int], jobs: int) -> Iterator[_T]:
    """What each seed gives, in their order, from so many processes."""
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
            _say_replay(f"--seed {verdict.seed}", planted)
    took_s = perf_counter() - began
    _say("")
    for name, number in sorted(totals.items()):
        _say(f"  {number:>11,}  {name}")
    _say(
        f"{count} seeds, {failed} failed; {count / took_s:.2f} seeds/s,"
        f" {simulated_s / took_s:,.0f} simulated s/s; {count / cpu_s:.2f} seeds/s of one core"
    )
    return 1 if failed else 0


def _show_seasons(lived: Iterable[tuple[int, list[Wrong]]], planted: Sequence[str]) -> int:
    began, count, failed = perf_counter(), 0, 0
    for seed, wrong in lived:
        count += 1
        said = "; ".join(f"{one.oracle} on day {one.day}: {one.what}" for one in wrong)
        _say(f"{seed:>6}  {'FAILED ' + said if wrong else 'ok'}")
        if wrong:
            failed += 1
            _say_replay(f"--seasons {seed}-{seed}", planted)
    _say(f"\n{count} seeds of seasons, {failed} failed; {count / (perf_counter() - began):.2f}/s")
    return 1 if failed else 0


def _say_replay(which: str, planted: Sequence[str]) -> None:
    flags = "".join(f" --bug '{name}'" for name in planted)
    _say(f"     replay: python -m fedretail.testing.sim {which}{flags}")


def _seen_by(seed: int, bug: str) -> tuple[int, str]:
    """(the seed, the oracle that finds this bug first in it); '' where none does."""
    found: Sequence[Violation | Wrong]
    if bug in SEASON_BUGS:
        found = run_seasons(seed, bugs=[bug])
    else:
        found = run(seed, bugs=[bug]).violations
    return seed, found[0].oracle if found else ""


def _show_bugs(seeds: Sequence[int], jobs: int) -> int:
    """For each bug: in how many of the seeds it is found, first where, and by which oracles."""
    missed = 0
    _say(f"| planted bug | found in seeds (of {len(seeds)}) | first in seed | by |")
    _say("|---|---|---|---|")
    for name in _ALL_BUGS:
        seen = _each(partial(_seen_by, bug=name), seeds, jobs)
        found = [(seed, oracle) for seed, oracle in seen if oracle]
        oracles = Counter(oracle for _, oracle in found)
        first = str(found[0][0]) if found else "-"
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
