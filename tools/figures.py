"""Print the figures in bench/results as the tables of docs/explanation/performance.md.

Run `make bench` first, then `.venv/bin/python tools/figures.py`.
"""

import json
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "bench" / "results"


def main() -> None:
    """One table a benchmark."""
    for path in sorted(RESULTS.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        machine = content["machine"]
        print(f"### `make bench-{content['name'].replace('_', '-')}`\n")
        print(f"Python {machine['python']}, {machine['system']}, {machine['cores']} cores\n")
        print("| figure | value | n | floor or peer in the same run | bar |")
        print("|---|---|---|---|---|")
        for one in content["figures"]:
            print(_row(one))
        print()


def _row(one: dict[str, object]) -> str:
    value = f"{_short(one['value'])} {one['unit']}".strip()
    floor = "" if one["floor"] is None else f"{_short(one['floor'])} ({one['floor_is']})"
    return f"| {one['figure']} | {value} | {one['n']} | {floor} | {one['aim']} |"


def _short(value: object) -> str:
    number = float(str(value))
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


if __name__ == "__main__":
    main()
