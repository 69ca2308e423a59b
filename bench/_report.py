"""What every benchmark prints and writes: figures beside their floor, as a table and as JSON.

`bench/results/NAME.json`: {"name", "machine", "figures": [{"figure", "value", "unit", "n",
"floor", "floor_is", "aim"}]}; floor and aim are null where there is none.
"""

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; floor: what the same run measured for the bare work or a peer."""

    figure: str
    value: float
    unit: str
    n: int = 1
    floor: float | None = None
    floor_is: str = ""
    aim: str = ""


def report(name: str, figures: list[Figure]) -> None:
    """Print the table and write bench/results/NAME.json."""
    width = max(len(one.figure) for one in figures)
    print(f"{'figure':{width}}  {'value':>10} unit      n  {'floor':>9}  aim")
    for one in figures:
        floor = "" if one.floor is None else _short(one.floor)
        line = f"{one.figure:{width}}  {_short(one.value):>10} {one.unit:6} {one.n:4}  {floor:>9}"
        print(f"{line}  {one.aim}{f' ({one.floor_is})' if one.floor_is else ''}".rstrip())
    RESULTS.mkdir(exist_ok=True)
    machine = {
        "python": sys.version.split()[0],
        "system": platform.platform(terse=True),
        "cores": os.cpu_count(),
    }
    rows = [asdict(one) for one in figures]
    content = {"name": name, "machine": machine, "figures": rows}
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"written to bench/results/{target.name}")


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"
