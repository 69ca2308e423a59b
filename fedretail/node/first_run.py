"""What a data directory holds before its shop is made: answers so far, a price list, the way in.

All of it lies in one folder, for this user alone, and goes when the shop is there. Nothing in it is
a key, and nothing of it reaches a neighbour.
"""

import contextlib
import hmac
import json
import secrets
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fedretail.clock import Clock
from fedretail.errors import Unavailable
from fedretail.files import whole_file
from fedretail.locks import FileLock
from fedretail.node.base import DAEMON_LOCK_NAME
from fedretail.node.entrance import LINK_MS, TOKEN_BYTES, digest, link_to

FOLDER = ".first-run"
_ANSWERS, _LINK, _PAGES = "answers.json", "link.json", "pages.json"
# More is no form of ours.
_MAX_BYTES = 1 << 20


class FirstRun:
    """The folder of a first run in a data directory."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self.data_dir = data_dir
        self.path = data_dir / FOLDER
        self.clock = clock
        # A form is saved as it is typed, and again when it is sent.
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Make the folder; Unavailable where that cannot be."""
        try:
            # A shop will lie there: no other user of this computer reads it.
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            hint = "Give a folder of your own with --data-dir."
            raise Unavailable(f"{self.path} cannot be made: {error.strerror}.", hint=hint) from None

    def end(self) -> None:
        """Remove it with all that it holds."""
        shutil.rmtree(self.path, ignore_errors=True)

    def leave(self) -> None:
        """Keep what somebody has entered, and nothing else."""
        for name in (_LINK, _PAGES):
            (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            # Only where nobody has entered anything.
            self.path.rmdir()

    # --- answers ---

    def answers(self) -> dict[str, str]:
        """What was entered so far, as it was typed; nothing where that cannot be read."""
        said = self._read(_ANSWERS)
        return {name: text for name, text in said.items() if isinstance(text, str)}

    def keep(self, changed: Mapping[str, str]) -> dict[str, str]:
        """Write down what was entered; all answers. Unavailable where nothing can be written."""
        with self._lock:
            before = self.answers()
            answers = {**before, **changed}
            if answers != before:
                self._write(_ANSWERS, answers)
        return answers

    # --- the way in ---

    def note_pages(self, addresses: Sequence[str]) -> None:
        """Say where the pages of the first run are shown."""
        self._write(_PAGES, {"pages": list(addresses)})

    def make_link(self) -> str:
        """The address that lets its first visitor in; Unavailable where no first run waits."""
        pages = self._read(_PAGES).get("pages")
        if not (self.is_open() and isinstance(pages, list) and pages):
            raise Unavailable(
                "The back office opens while the shop runs.", hint="`fedretail serve`"
            )
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._write(_LINK, {"digest": digest(token), "at_ms": self.clock.now_ms()})
        return link_to(str(pages[0]), token)

    def is_open(self) -> bool:
        """Whether a program waits here for somebody to set up the shop."""
        is_begun = (self.path / _PAGES).is_file()
        return is_begun and FileLock(self.data_dir / DAEMON_LOCK_NAME).is_held()

    def take_link(self, token: str) -> bool:
        """Whether this is the token of the last link, which no one can use again.

        To be called by one at a time.
        """
        match self._read(_LINK):
            case {"digest": str(wanted), "at_ms": int(at_ms)}:
                pass
            case _:
                return False
        is_timely = 0 <= self.clock.now_ms() - at_ms <= LINK_MS
        is_right = hmac.compare_digest(wanted, digest(token))
        if is_right or not is_timely:
            (self.path / _LINK).unlink(missing_ok=True)
        return is_right and is_timely

    def _read(self, name: str) -> dict[str, Any]:
        try:
            with (self.path / name).open("rb") as file:
                said = json.loads(file.read(_MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            # Half a file is none: it takes its name when it is whole.
            return {}
        return said if isinstance(said, dict) else {}

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        try:
            with whole_file(self.path / name, is_private=True) as file:
                json.dump(value, file, ensure_ascii=True)
        except OSError as error:
            hint = "Check the folder, and that the disk is neither full nor write-protected."
            raise Unavailable(
                f"{self.path} cannot be written: {error.strerror}.", hint=hint
            ) from None
