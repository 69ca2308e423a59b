"""Node: everything a program does with one data directory, without knowing what lies below.

    with Node.open(path) as node:
        page = node.search(Query(words="milk", near=node.position))

A Node may be opened many times, in threads and processes; all meet in the store. The generic door
is records, record, write, remove; methods of its own stand only for what joins parts. These live in
modules of their own, which are loaded when they are first used.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from fedretail.node import keyring
from fedretail.node.base import BaseNode
from fedretail.node.keyring import Keyring
from fedretail.store.check import Problem
from fedretail.store.upkeep import Marked

if TYPE_CHECKING:
    from fedretail.index.views import View
    from fedretail.node.import_report import ImportOptions, ImportReport
    from fedretail.node.imports import OnProgress
    from fedretail.node.networks import Joined
    from fedretail.node.pictures import Pictures


class Node(BaseNode):
    """One data directory, opened."""

    def import_file(
        self,
        path: Path,
        options: "ImportOptions",
        on_progress: "OnProgress" = lambda done, total, rows: None,
    ) -> "ImportReport":
        """Take a file's offers into a site; see `fedretail.node.imports`."""
        from fedretail.node.imports import import_file

        return import_file(self, path, options, on_progress)

    def export(
        self,
        out: TextIO,
        *,
        mine: bool,
        view: "View | None" = None,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> int:
        """Write records as JSON Lines; how many. `mine`: own records only, own fields too.

        `view`: only what it shows.
        """
        from fedretail.node.exports import export

        return export(self, out, mine=mine, view=view, on_progress=on_progress)

    @cached_property
    def pictures(self) -> "Pictures":
        """The pictures of goods that are kept here; see `fedretail.node.pictures`."""
        from fedretail.node.pictures import Pictures

        return Pictures(self)

    def retailers(self, names: Iterable[str], *, view: "View | None" = None) -> frozenset[str]:
        """Ids of the shops and members that are meant; see `fedretail.node.retailers`."""
        from fedretail.node.retailers import retailers

        return retailers(self, names, view=view)

    def view(self, name: str) -> "View":
        """A named part of the assortment; see `fedretail.node.views`."""
        from fedretail.node.views import view

        return view(self, name)

    def ticket(self, name: str | None = None) -> str:
        """The ticket of this node's network; see `fedretail.node.networks`."""
        from fedretail.node.networks import ticket

        return ticket(self, name)

    def join(self, text: str) -> "Joined":
        """Enter the network of a ticket; see `fedretail.node.networks`."""
        from fedretail.node.networks import join

        return join(self, text)

    def status(self) -> dict[str, Any]:
        """The object of `fedretail status --json`."""
        from fedretail.node.status import status

        return status(self)

    def peers(self) -> list[dict[str, Any]]:
        """Neighbours with a session now, as the daemon last wrote down."""
        peers: list[dict[str, Any]] = self.status()["peers"]
        return peers

    def neighbour_name(self, peer_id: str) -> str:
        """What the shop behind a peer id calls itself, "" where that is not known here."""
        from fedretail.node.naming import neighbour_name

        return neighbour_name(self, peer_id)

    def sentence(self) -> str:
        """How it stands with this shop's prices, in one sentence."""
        from fedretail.node.status import sentence

        return sentence(self)

    def check(
        self, on_progress: Callable[[str], None] = lambda place: None
    ) -> Iterator[tuple[str, list[Problem]]]:
        """Recount every digest and verify every signature: (place, problems) for each log."""
        for place, problems in self.store.check():
            on_progress(place)
            yield place, problems

    def frozen(self) -> list[dict[str, Any]]:
        """Whose computer has signed two states of one catalog; see `fedretail.node.frozen`."""
        from fedretail.node.frozen import frozen

        return frozen(self)

    def mark_damaged(self, problems: Iterable[Problem]) -> Marked:
        """Note the logs of these problems, so that a daemon mends them from neighbours' copies."""
        return self.store.upkeep.mark(problems)

    def damaged_name(self, problem: Problem) -> str:
        """Whose log a problem is of, "" where that cannot be told."""
        from fedretail.node.naming import damaged_name

        return damaged_name(self, problem)

    def keys(self) -> dict[str, Any]:
        """The public halves of this node's keys, and where the file lies."""
        return {
            "member": None if self.owner is None else self.owner.hex(),
            "device": self.identity.device.public.hex(),
            "peer_id": self.identity.peer_id,
            "file": str(self.path / keyring.FILE_NAME),
            "backed_up": self.keyring.backed_up,
        }

    def backup_keys(self, target: Path) -> None:
        """Copy the keys file; Refused where `target` exists."""
        self.keyring.backup(self.path / keyring.FILE_NAME, target)
        self.keyring = Keyring.load(self.path / keyring.FILE_NAME)
