"""Draw docs/pictures/search.svg: a real search of the demo's shops, as a terminal shows it.

    .venv/bin/python tools/pictures.py

Needs a system with pseudo-terminals (Linux, macOS).
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from fedretail.demo.story import SHOPS, Story, Told

COLUMNS = 112
TARGET = Path(__file__).parents[1] / "docs" / "pictures" / "search.svg"
COMMANDS = (
    ["search", "soap", "--sort", "nearest", "--limit", "4"],
    ["search", "oat", "drink", "--sort", "cheapest", "--limit", "4"],
    ["status"],
)
# Ground and ink as in the design of all faces; the eight named colours readable on it.
THEME = TerminalTheme(
    (14, 20, 17),
    (239, 244, 239),
    [(14, 20, 17), (255, 160, 150), (107, 218, 156), (255, 201, 60),
     (147, 188, 255), (200, 160, 220), (99, 211, 166), (182, 195, 186)],
    [(126, 144, 134), (255, 160, 150), (107, 218, 156), (255, 199, 120),
     (147, 188, 255), (200, 160, 220), (99, 211, 166), (239, 244, 239)],
)  # fmt: skip


def main() -> None:
    """Play the beginning of the demo, ask, and draw what the terminal shows."""
    with tempfile.TemporaryDirectory() as name:
        silent = Told(lambda _: None, lambda _: None, lambda _: None, is_live=False)
        story = Story(Path(name), silent)
        try:
            story.open_shops()
            shown = [(words, _terminal(story.data_dir(SHOPS[2]), words)) for words in COMMANDS]
        finally:
            story.close()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(_svg(shown), encoding="utf-8")


def _terminal(data_dir: Path, words: list[str]) -> str:
    """What the command prints to a terminal, colours and all."""
    mine, its = pty.openpty()
    env = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "fedretail", "--data-dir", str(data_dir), *words]
    process = subprocess.Popen(command, stdout=its, stderr=its, env=env)
    os.close(its)
    pieces = []
    try:
        while data := os.read(mine, 65536):
            pieces.append(data)
    except OSError:
        pass  # Linux says so when the other end has closed.
    process.wait()
    os.close(mine)
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n")


def _svg(shown: list[tuple[list[str], str]]) -> str:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        for words, printed in shown:
            console.print(Text(f"$ fedretail {' '.join(words)}", style="bold"))
            console.print(Text.from_ansi(printed))
        drawn = console.export_svg(title="fedretail", theme=THEME)
    # The picture fetches nothing: the reader's own fixed-width font will do.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code", "ui-monospace, DejaVu Sans Mono")


if __name__ == "__main__":
    main()
