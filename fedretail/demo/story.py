"""The main job, played with real processes, sockets and files on this computer.

Three shops on three data directories, each a daemon of its own; each takes in its own file. Two are
killed; the third still answers for all. The two come back and catch up; nothing is lost.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from fedretail.demo.goods import write_price_list
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.texts import count
from fedretail.errors import BugError
from fedretail.node.node import Node

ARTICLES = 10_000
# Sixty times what a slow computer takes; whoever waits longer looks at a fault, not at a demo.
PATIENCE_S = 120.0
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A made-up shop: name, place, hours, and the file that it takes in."""

    folder: str
    name: str
    at: str
    hours: str
    file_name: str


SHOPS = (
    DemoShop("corner", "Corner Grocery", "48.5206,9.0556", "Mo-Sa 07:00-20:00", "grocery.csv"),
    DemoShop("kettle", "Kettle & Cloth", "48.5231,9.0614", "Tu-Sa 10:00-18:30", "shopify.csv"),
    DemoShop("wheel", "Wheel & Wrench", "48.5164,9.0702", "Mo-Fr 09:00-18:00", "woocommerce.csv"),
)


@dataclass(slots=True)
class Told:
    """How the story is told: `say` a sentence, `show` a command, then what it printed.

    is_live: shown commands print to this terminal themselves, and `printed` is never called.
    """

    say: Callable[[str], None]
    show: Callable[[list[str]], None]
    printed: Callable[[str], None]
    is_live: bool
    # Seconds that parts of the story took, by name, for the summary.
    figures: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        started = time.perf_counter()
        yield
        self.figures[name] = time.perf_counter() - started


class Story:
    """The three shops in one folder, their daemons as child processes."""

    def __init__(self, folder: Path, told: Told) -> None:
        self._folder = folder
        self._told = told
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._offers = 0

    def play(self) -> None:
        """Everything, in order; BugError where something does not come about."""
        self.open_shops()
        self._kill_two()
        self._search()
        self._change_while_away()
        self._return_two()
        self._check()

    def open_shops(self) -> None:
        """The beginning: three shops that run, each with the offers of all."""
        self._found_shops()
        self._import_files()
        self._start_all()

    def close(self) -> None:
        """End all daemons."""
        for process in self._daemons.values():
            process.terminate()
        for process in self._daemons.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    # --- the parts ---

    def _found_shops(self) -> None:
        self._told.say("Three shops, each with a computer of its own, are set up.")
        for shop in SHOPS:
            words = ["init", "--name", shop.name, "--at", shop.at, "--hours", shop.hours]
            self._run(shop, words, is_shown=shop is SHOPS[0])

    def _import_files(self) -> None:
        self._told.say(f"Each takes in its own file: {ARTICLES:,} articles, and two shop systems.")
        write_price_list(self._folder / "grocery.csv", ARTICLES)
        for name in ("shopify.csv", "woocommerce.csv"):
            text = (files("fedretail.demo") / name).read_text("utf-8")
            (self._folder / name).write_text(text, encoding="utf-8", newline="")
        for shop in SHOPS:
            with self._told.timed(f"import {shop.file_name}"):
                self._run(shop, ["import", str(self._folder / shop.file_name)], is_shown=True)
        self._offers = sum(self._count(shop) for shop in SHOPS)

    def _start_all(self) -> None:
        self._told.say("They start. The second and the third join with a ticket of the first.")
        self._serve(SHOPS[0])
        ticket = self._run(SHOPS[0], ["ticket"], is_shown=False).strip()
        for shop in SHOPS[1:]:
            self._run(shop, ["join", ticket], is_shown=False)
        with self._told.timed("all three hold all offers"):
            for shop in SHOPS[1:]:
                self._serve(shop)
            for shop in SHOPS:
                self._wait(lambda shop=shop: self._count(shop) == self._offers)  # type: ignore[misc]
        self._told.say(f"Each of the three holds all {count(self._offers, 'offer')} now.")

    def _kill_two(self) -> None:
        first, second, _ = SHOPS
        self._told.say(f"{first.name} and {second.name} are switched off in mid-work (kill -9).")
        for shop in (first, second):
            process = self._daemons.pop(shop.folder)
            process.kill()
            process.wait()

    def _search(self) -> None:
        last = SHOPS[2]
        self._told.say(f"{last.name} is asked for what all of them have.")
        for words in (["soap", "--sort", "nearest", "--limit", "5"], ["coffee", "--limit", "5"]):
            with self._told.timed(f"search {words[0]} (a new process)"):
                self._run(last, ["search", *words], is_shown=True)

    def _change_while_away(self) -> None:
        last = SHOPS[2]
        self._told.say(f"Meanwhile {last.name} lowers a price; nobody is there to hear it.")
        self._run(last, ["offer", "set", "--sku", "RW-101", "--price", "44.90"], is_shown=True)

    def _return_two(self) -> None:
        self._told.say("The two come back.")
        with self._told.timed("the two are back and know the new price"):
            for shop in SHOPS[:2]:
                self._serve(shop)
            for shop in SHOPS[:2]:
                self._wait(lambda shop=shop: self._new_price(shop) == 4490)  # type: ignore[misc]
        self._told.say("Both know the new price.")

    def _check(self) -> None:
        self._told.say("Every digest is counted again, every signature verified again.")
        for shop in SHOPS:
            self._run(shop, ["check"], is_shown=shop is SHOPS[0])
            if self._count(shop) != self._offers:
                raise BugError(f"{shop.name} has lost offers.")

    # --- means ---

    def data_dir(self, shop: DemoShop) -> Path:
        """Where a shop of the demo lies."""
        return self._folder / shop.folder

    def _command(self, shop: DemoShop, words: list[str]) -> list[str]:
        program = [sys.executable, "-m", "fedretail"]
        return [*program, "--data-dir", str(self.data_dir(shop)), *words]

    def _run(self, shop: DemoShop, words: list[str], *, is_shown: bool) -> str:
        if is_shown:
            self._told.show(["fedretail", "--data-dir", shop.folder, *words])
        is_live = is_shown and self._told.is_live
        done = subprocess.run(
            self._command(shop, words),
            capture_output=not is_live,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
            check=False,
        )
        if done.returncode:
            raise BugError(f"`fedretail {' '.join(words)}` failed: {(done.stderr or '').strip()}")
        if is_shown and not is_live:
            self._told.printed(done.stderr + done.stdout)
        return done.stdout or ""

    def _serve(self, shop: DemoShop) -> None:
        words = ["serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "off"]
        log = self._folder / f"{shop.folder}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                self._command(shop, words), stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self._daemons[shop.folder] = process
        self._wait(lambda: self._is_up(shop, process))

    def _is_up(self, shop: DemoShop, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            text = (self._folder / f"{shop.folder}.log").read_text("utf-8", "replace")
            raise BugError(f"The daemon of {shop.name} has ended: {text[-500:]}")
        with Node.open(self.data_dir(shop)) as node:
            state = node.daemon_state()
            return state is not None and state["pid"] == process.pid

    def _count(self, shop: DemoShop) -> int:
        with Node.open(self.data_dir(shop)) as node:
            node.follow()
            return node.index.statistics()["offers"]

    def _new_price(self, shop: DemoShop) -> int | None:
        with Node.open(self.data_dir(shop)) as node:
            for place, _ in node.records("site"):
                name = RecordId(place.owner, collection_of(place.key), "offer", "RW-101")
                found = node.record(name)
                if found is not None:
                    return int(found.fields["prices"][0][0])
        return None

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > until:
                raise BugError("The demo waits for something that does not come about.")
            time.sleep(_LOOK_S)
