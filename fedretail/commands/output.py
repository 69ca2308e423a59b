"""The only place that prints: lines, tables, JSON; progress stands in `_progress`, beside it.

On a terminal tables and progress come from rich; piped output is plain, one record a line, cells
separated by tabs, all columns, no headings. Data goes to stdout, messages and progress to stderr.
rich is imported where a terminal wants it, never for `--json` or a pipe.
"""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from fedretail.domain.texts import calm_json

if TYPE_CHECKING:
    from rich.table import Table

Mark = Literal["done", "attention", "failed", "on", "off"]
# What a text is about, beside what it says: is well, wants care, is near, is beside the point.
Tone = Literal["", "ok", "warn", "near", "dim", "strong"]
# Named colours only, so that the terminal's own theme holds.
_STYLES: dict[Tone, str] = {
    "": "",
    "ok": "green",
    "warn": "yellow",
    "near": "blue",
    "dim": "dim",
    "strong": "bold",
}
_SGR: dict[Tone, str] = {
    "": "0",
    "ok": "32",
    "warn": "33",
    "near": "34",
    "dim": "2",
    "strong": "1",
}
_MARKS: dict[Mark, str] = {"done": "✓", "attention": "!", "failed": "✗", "on": "●", "off": "○"}
# Colours of the marks as SGR numbers; the mark itself carries the meaning.
_COLOURS: dict[Mark, str] = {"done": "32", "attention": "1", "failed": "31", "on": "32", "off": "2"}

# For encodings that lack a sign: what people wrote before there were such signs.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "●": "*", "○": "o", "…": "...", "·": "-", "–": "-", "—": "-"}
    | {"\u00a0": " ", "\u202f": " ", "€": "EUR", "£": "GBP", "’": "'", "“": '"', "”": '"'}
    | {"↑": "N", "↗": "NE", "→": "E", "↘": "SE", "↓": "S", "↙": "SW", "←": "W", "↖": "NW"}
)
# Names come from strangers: no control character of theirs reaches a terminal, nor one that
# turns the direction of writing.
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), " ")
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_IN_CELLS = _CONTROL | _TURNING
_IN_LINES = {code: sign for code, sign in _IN_CELLS.items() if code not in (0x09, 0x0A)}

# Under this many columns a hit takes two lines.
_NARROW = 60
# A column for wider terminals than this is beside the point on narrow ones.
_WIDE = 120
# Spaces between columns.
_GAP = 2
# A name is not cut below this: "Organic oat…" still tells what it is.
_NAME_WIDTH = 12

_json_printed = False


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the `--json` option, handed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def print_json(value: dict[str, Any], *, file: TextIO | None = None) -> None:
    """One JSON object on one line of stdout."""
    import json

    global _json_printed  # noqa: PLW0603 (stdout is one to a process, and so is this)
    out = file or sys.stdout
    ascii_only = not (out.encoding or "utf-8").lower().replace("-", "").startswith("utf")
    text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
    out.write(calm_json(text) + "\n")
    _json_printed = True


def print_json_error(message: str, hint: str) -> None:
    """The error as the one JSON object on stdout, unless the command has printed its own."""
    if not _json_printed:
        print_json({"error": {"message": message, "hint": hint}})


def print_line(text: str = "", *, file: TextIO | None = None) -> None:
    """A line of data on stdout."""
    _write(file or sys.stdout, text.translate(_IN_LINES) + "\n")


def tell(mark: Mark, message: str, hint: str = "", *, file: TextIO | None = None) -> None:
    """A message on stderr: mark and sentence, under it what to do next; three lines at most."""
    out = file or sys.stderr
    sign = _MARKS[mark]
    if _has_colours(out):
        sign = f"\x1b[{_COLOURS[mark]}m{sign}\x1b[0m"
    lines = [*message.strip().splitlines(), *hint.strip().splitlines()][:3]
    fitted = (part for line in lines or [""] for part in _fitted(line.translate(_IN_CELLS), out))
    first, *rest = (_with_commands(part, out) for part in fitted)
    _write(out, "".join(f"{line}\n" for line in (f"{sign} {first}", *(f"  {r}" for r in rest))))


def say(mark: Mark, sentence: str) -> None:
    """A sentence with its mark as data on stdout, where that is what was asked for."""
    tell(mark, sentence, file=sys.stdout)


def flush() -> None:
    """Hand over what was printed so far: a program may be waiting for it."""
    sys.stdout.flush()


def note(text: str = "", *, tone: Tone = "", file: TextIO | None = None) -> None:
    """A line on stderr under a message, without a mark of its own; two columns to the right."""
    out = file or sys.stderr
    for part in _fitted(text.translate(_IN_CELLS), out):
        line = _with_commands(part, out, tone)
        if tone and _has_colours(out):
            line = f"\x1b[{_SGR[tone]}m{line}\x1b[0m"
        _write(out, f"  {line}".rstrip() + "\n")


def _fitted(line: str, out: TextIO) -> list[str]:
    """The line in parts that fit the terminal; commands and long addresses stay whole to copy."""
    width = max(shutil.get_terminal_size().columns - _GAP, 20)
    if len(line) <= width or "`" in line or not _is_terminal(out):
        return [line]
    whole = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
    whole.subsequent_indent = " " * (len(line) - len(line.lstrip()) + 2)
    return whole.wrap(line)


def is_terminal() -> bool:
    """Whether the data on stdout goes to a person."""
    return _is_terminal(sys.stdout)


def speaks_to_people() -> bool:
    """Whether messages on stderr go to a person, and into no log."""
    return _is_terminal(sys.stderr)


def show_code(text: str, modules: Sequence[Sequence[bool]], *, file: TextIO | None = None) -> None:
    """A code of dark (True) and light modules for phones, two rows a line, under it what it says.

    Nothing where a terminal shows no colours of our choice, or is too narrow: half a code is none.
    """
    out = file or sys.stderr
    width = max(map(len, modules), default=0)
    if not _has_colours(out) or shutil.get_terminal_size().columns < width + _GAP:
        return
    try:
        _HALVES[True, False].encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return
    rows = [list(row) for row in modules] + [[False] * width] * (len(modules) % 2)
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        line = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        # Black on white, whatever the terminal's own theme says.
        out.write(f"  \x1b[30;107m{line}\x1b[0m\n")
    note(text, file=out)


# A line of text is two modules high.
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def has_headings() -> bool:
    """Whether a table on stdout gets headings, so that cells may leave out what these say."""
    return is_terminal() and shutil.get_terminal_size().columns >= _NARROW


def _has_colours(out: TextIO) -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return _is_terminal(out) and not plain


def _with_commands(line: str, out: TextIO, tone: Tone = "") -> str:
    """`commands` in bold letters where there are such; in backticks, as written, elsewhere."""
    if "`" not in line or not _has_colours(out):
        return line
    back = f"\x1b[0m\x1b[{_SGR[tone]}m" if tone else "\x1b[0m"
    return re.sub("`([^`]+)`", lambda match: f"\x1b[1m{match[1]}{back}", line)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on a terminal.

    On one narrower than `from_width` it is left out. Columns that give way are cut, the first
    one first, so that the figures of the others stand whole.
    """

    heading: str
    right: bool = False
    from_width: int = 0
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table; `cheapest` gives it the yellow ground that means nothing else."""

    text: str
    cheapest: bool = False
    tone: Tone = ""


Row = Sequence[str | Cell]


def print_table(
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    file: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Rows under their headings on a terminal, tab-separated everywhere else."""
    out = file or sys.stdout
    clean = [[_cell(value) for value in row] for row in rows]
    if not _is_terminal(out):
        for row in clean:
            _write(out, "\t".join(cell.text for cell in row) + "\n")
        return
    width = width or shutil.get_terminal_size().columns
    table = _two_lined(columns, clean, width) if width < _NARROW else _lined(columns, clean, width)
    _write(out, _rendered(table, out, width))


def print_facts(facts: Sequence[tuple[str, str]], *, file: TextIO | None = None) -> None:
    """One thing in lines of name and value; those without a value are left out."""
    out = file or sys.stdout
    said = [(name, Cell(value)) for name, value in facts if value]
    if not _is_terminal(out):
        for name, cell in said:
            _write(out, f"{name}\t{_cell(cell).text}\n")
        return
    width = max((len(name) for name, _ in said), default=0)
    for name, cell in said:
        label = f"{name:<{width}}"
        label = f"\x1b[2m{label}\x1b[0m" if _has_colours(out) else label
        _write(out, f"{label}  {_cell(cell).text}\n")


def _lined(columns: Sequence[Column], rows: list[list[Cell]], width: int) -> "Table":
    from rich.table import Table

    kept = [at for at, column in enumerate(columns) if column.from_width <= width]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
    for at, room in zip(kept, _widths(columns, rows, kept, width=width), strict=True):
        table.add_column(
            columns[at].heading,
            justify="right" if columns[at].right else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=room,
            max_width=room,
        )
    for row in rows:
        table.add_row(*(_styled(row[at]) for at in kept))
    return table


def _widths(
    columns: Sequence[Column], rows: list[list[Cell]], kept: list[int], *, width: int
) -> list[int]:
    """Terminal cells for each kept column: what its texts need, less where that is too much."""
    from rich.cells import cell_len

    needed = [
        max(cell_len(columns[at].heading), *(cell_len(row[at].text) for row in rows), 1)
        for at in kept
    ]
    for place, at in enumerate(kept):
        too_much = sum(needed) + _GAP * (len(kept) - 1) - width
        if too_much > 0 and columns[at].gives_way:
            needed[place] = max(min(_NAME_WIDTH, needed[place]), needed[place] - too_much)
    return needed


def _two_lined(columns: Sequence[Column], rows: list[list[Cell]], width: int) -> "Table":
    """Name and second column on the first line; under it whatever fits, what matters first."""
    from rich.cells import cell_len
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, justify="right")
    room = width - 5 - max((cell_len(row[1].text) for row in rows if len(row) > 1), default=0)
    for row in rows:
        table.add_row(*(_styled(cell) for cell in row[:2]))
        if len(columns) > 2:
            table.add_row(_facts(columns, row, room), "")
    return table


def _facts(columns: Sequence[Column], row: list[Cell], room: int) -> str:
    """Cells from the third on, joined in order; the last ones to be dropped are taken first."""
    taken: list[int] = []
    for at in sorted(range(2, len(row)), key=lambda at: (columns[at].from_width, at)):
        text = " · ".join(row[i].text for i in sorted([*taken, at]))
        if row[at].text and len(text) <= room and columns[at].from_width <= _WIDE:
            taken.append(at)
    return "  " + " · ".join(row[at].text for at in sorted(taken))


def _cell(value: str | Cell) -> Cell:
    cell = Cell(value) if isinstance(value, str) else value
    return Cell(cell.text.translate(_IN_CELLS), cell.cheapest, cell.tone)


def _styled(cell: Cell) -> Any:
    from rich.text import Text

    return Text(cell.text, style="black on yellow" if cell.cheapest else _STYLES[cell.tone])


def _rendered(table: "Table", out: TextIO, width: int) -> str:
    from rich.console import Console

    console = Console(file=out, width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def _is_terminal(out: TextIO) -> bool:
    return out.isatty()


def _write(out: TextIO, text: str) -> None:
    """Writes text; where the stream's encoding lacks a sign, in simpler signs."""
    encoding = out.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    out.write(text)
