"""How far a long deed is, on a terminal: a bar, a count, a rate, the time left."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from fedretail.domain.texts import count

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# A command that is done sooner needs no bar.
_BAR_AFTER_S = 0.5
# Ten times a second looks steady and costs nothing.
_BAR_EVERY_S = 0.1


class Progress:
    """Shows on stderr how far a long deed is: bar, count, rate, time left.

    Nothing appears in the first half second, nor when stderr is no terminal; nothing stays behind.
    """

    def __init__(
        self,
        label: str,
        *,
        unit: str,
        file: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._unit = unit
        self._out = file or sys.stderr
        self._now_s = now_s
        self._began_s = now_s()
        self._due_s = self._began_s + _BAR_AFTER_S
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, fraction: float | None = None) -> None:
        """`done` units are done, `fraction` (0 to 1) of the whole where that is known."""
        now_s = self._now_s()
        if now_s < self._due_s or not self._out.isatty():
            return
        self._due_s = now_s + _BAR_EVERY_S
        if self._bar is None:
            self._bar, self._task = self._started()
        assert self._task is not None
        facts = _progress_facts(done, self._unit, now_s - self._began_s, fraction)
        self._bar.update(self._task, completed=fraction or 0.0, facts=facts, refresh=True)

    def _started(self) -> "tuple[Bar, TaskID]":
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(complete_style="green", finished_style="green"),
            TextColumn("{task.fields[facts]}", markup=False),
            console=Console(file=self._out),
            transient=True,
            auto_refresh=False,
        )
        task = bar.add_task(self._label, total=1.0, facts="")
        bar.start()
        return bar, task


def _progress_facts(done: int, unit: str, elapsed_s: float, fraction: float | None) -> str:
    """ "48,000 rows · 9,600/s · 0:07 left"."""
    facts = [count(done, unit), f"{done / elapsed_s:,.0f}/s"]
    if fraction:
        left_s = round(elapsed_s * (1 - fraction) / fraction)
        facts.append(f"{left_s // 60}:{left_s % 60:02} left")
    return " · ".join(facts)
