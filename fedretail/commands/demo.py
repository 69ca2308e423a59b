"""Show the main job on made-up shops: two are switched off, and search goes on."""

import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from fedretail.commands import examples, output


@click.command(
    epilog=examples("fedretail demo", "fedretail demo --keep"),
)
@click.option("--keep", is_flag=True, help="Leave the three shops running until ctrl-C.")
@output.json_option
def command(*, keep: bool, as_json: bool) -> None:
    """Play the main job with three made-up shops on this computer.

    Real processes, real files, real connections on this machine alone; takes a minute or less and
    removes what it made.
    """
    from fedretail.demo.story import Story, Told

    folder = Path(tempfile.mkdtemp(prefix="fedretail-demo-"))
    started = time.perf_counter()
    told = Told(_say, _show, _printed, is_live=output.is_terminal())
    if as_json:
        told = Told(_nothing, _nothing, _nothing, is_live=False)
    story = Story(folder, told)
    try:
        story.play()
        told.figures["all of it"] = time.perf_counter() - started
        _summary(told.figures, as_json=as_json)
        if keep:
            _wait_for_the_end(folder)
    finally:
        story.close()
        shutil.rmtree(folder, ignore_errors=True)


def _say(text: str) -> None:
    output.print_line()
    output.print_line(text)


def _show(words: list[str]) -> None:
    output.print_line(f"$ {shlex.join(words)}")


def _printed(text: str) -> None:
    for line in text.strip().splitlines():
        output.print_line(f"  {line}")


def _nothing(_: object) -> None:
    return


def _summary(figures: dict[str, float], *, as_json: bool) -> None:
    if as_json:
        seconds: dict[str, Any] = {name: round(value, 3) for name, value in figures.items()}
        output.print_json({"seconds": seconds})
        return
    output.print_line()
    output.print_line("What it took on this computer")
    for name, value in figures.items():
        output.print_line(f"  {value:6.2f} s  {name}")
    output.print_line()
    output.print_line("✓ Nothing that anybody was told is saved has been lost.")


def _wait_for_the_end(folder: Path) -> None:
    from fedretail.demo.story import SHOPS

    output.print_line()
    output.print_line("The three shops go on until ctrl-C. Ask them from another terminal:")
    # Run by make, the command is in .venv/bin, which no terminal looks through by itself.
    program = "fedretail" if shutil.which("fedretail") else sys.argv[0]
    for shop in SHOPS:
        words = [program, "--data-dir", str(folder / shop.folder), "status"]
        output.print_line(f"  {shlex.join(words)}")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        output.print_line()
