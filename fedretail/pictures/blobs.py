"""Pictures on the disk: files named by their hash, under one budget.

    pictures/own/ab/ab…64 digits.webp        what this shop has published
    pictures/others/ab/ab…64 digits.webp     what was fetched from neighbours; may go

The names and times of the files are all there is: nothing else can contradict them. A file's time
of change is when it was shown last, to the hour. Every file is looked at when it is read; one that
is not what its name says is taken away, and fetched again.
"""

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fedretail.clock import Clock
from fedretail.domain.pictures import HASH_BYTES, MAX_PAGE_BYTES, parse_hash, parse_webp
from fedretail.errors import MalformedInput, Unavailable
from fedretail.pictures.ledger import Kept, Ledger

log = logging.getLogger(__name__)

FOLDER_NAME = "pictures"
_OWN, _OTHERS, _SUFFIX = "own", "others", ".webp"
# So half-written files are called; what a crash has left of them is older than this.
_PART = ".part-"
_STALE_MS = 24 * 3600 * 1000
# A disk is not written to each time that somebody looks at a page.
_TOUCH_MS = 3600 * 1000


class Blobs:
    """The pictures of one data directory. Any thread may ask; one process at a time writes."""

    def __init__(self, folder: Path, *, budget_bytes: int, clock: Clock) -> None:
        """`budget_bytes`: of all files together; own ones stay even where they take more."""
        self._folder = folder
        self._budget = budget_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._ledger = self._read_folder()
        self._corrupt = self._evicted = 0

    def has(self, name: bytes) -> bool:
        """Whether a picture is here, as far as is known without reading it."""
        return name in self._ledger

    def is_own(self, name: bytes) -> bool:
        """Whether it is here as one that this shop has published."""
        kept = self._ledger.get(name)
        return kept is not None and kept.is_own

    def get(self, name: bytes, *, is_shown: bool = False) -> bytes | None:
        """The bytes of a picture, None where it is not here, or was damaged and is gone now.

        `is_shown`: somebody looks at it, so it is among the last to go.
        """
        kept = self._ledger.get(name)
        if kept is None:
            return None
        path = self._path(name, is_own=kept.is_own)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_PAGE_BYTES + 1)
        except OSError as error:
            log.warning("A picture cannot be read: %s", error.strerror)
            if isinstance(error, FileNotFoundError):
                self._drop(name, path)
            return None
        if hashlib.sha256(data).digest() != name:
            self._corrupt += 1
            log.warning("The picture %s is damaged; it is fetched again.", name.hex()[:16])
            self._drop(name, path)
            return None
        if is_shown:
            self._show(name, path)
        return data

    def put(self, data: bytes, *, is_own: bool) -> bytes:
        """Keep a picture; its hash. What makes no room for it goes.

        MalformedInput where it is no picture that may be shown, Unavailable where the disk or the
        budget has no room: own pictures alone may exceed the budget.
        """
        if len(data) > MAX_PAGE_BYTES:
            raise MalformedInput(f"a picture of more than {MAX_PAGE_BYTES} bytes")
        parse_webp(data)
        name = hashlib.sha256(data).digest()
        with self._lock:
            present = self._ledger.get(name)
            if present is not None and present.is_own >= is_own:
                return name
            self._make_room(len(data), is_own=is_own)
            path = self._path(name, is_own=is_own)
            try:
                _write(path, data, is_durable=is_own)
                self._touch(path, self._clock.now_ms())
            except OSError as error:
                raise Unavailable(
                    f"A picture cannot be kept: {error.strerror}.", hint="Make room on the disk."
                ) from None
            if present is not None:
                self._unlink(self._path(name, is_own=False))
            self._ledger.put(name, Kept(len(data), self._clock.now_ms(), is_own))
        return name

    def own_are(self, names: set[bytes]) -> int:
        """Let these be own ones, and all others go when room runs out; how many have changed."""
        with self._lock:
            wrong = [name for name in self._ledger if (name in names) != self.is_own(name)]
            for name in wrong:
                self._move(name, is_own=name in names)
        return len(wrong)

    def _move(self, name: bytes, *, is_own: bool) -> None:
        kept, target = self._ledger.get(name), self._path(name, is_own=is_own)
        assert kept is not None
        with suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path(name, is_own=not is_own).replace(target)
            self._ledger.put(name, kept._replace(is_own=is_own))

    @property
    def room_bytes(self) -> int:
        """How much more may be kept before something must go."""
        return max(0, self._budget - self._ledger.total_bytes)

    def statistics(self) -> dict[str, int]:
        """How many are kept, their bytes, and what has gone since the start."""
        return {
            "pictures": len(self._ledger),
            "picture_bytes_kept": self._ledger.total_bytes,
            "pictures_gone_total": self._evicted,
            "pictures_damaged_total": self._corrupt,
        }

    def _make_room(self, size_bytes: int, *, is_own: bool) -> None:
        for name in self._ledger.leaving(self._budget - size_bytes):
            self._unlink(self._path(name, is_own=False))
            self._ledger.drop(name)
            self._evicted += 1
        if not is_own and self._ledger.total_bytes + size_bytes > self._budget:
            raise Unavailable("Own pictures take all the room.", hint="Raise `pictures_mb`.")

    def _show(self, name: bytes, path: Path) -> None:
        now_ms = self._clock.now_ms()
        with self._lock:
            before_ms = self._ledger.show(name, now_ms)
        if before_ms is not None and abs(now_ms - before_ms) >= _TOUCH_MS:
            self._touch(path, now_ms)

    def _touch(self, path: Path, at_ms: int) -> None:
        with suppress(OSError):
            os.utime(path, ns=(at_ms * 1_000_000, at_ms * 1_000_000))

    def _drop(self, name: bytes, path: Path) -> None:
        with self._lock:
            self._unlink(path)
            self._ledger.drop(name)

    def _unlink(self, path: Path) -> None:
        # On Windows somebody may be reading it; it is looked at again at the next start.
        with suppress(OSError):
            path.unlink(missing_ok=True)

    def _path(self, name: bytes, *, is_own: bool) -> Path:
        text = name.hex()
        return self._folder / (_OWN if is_own else _OTHERS) / text[:2] / f"{text}{_SUFFIX}"

    def _read_folder(self) -> Ledger:
        """All files by name, the longest not shown first; what a crash left is taken away."""
        found: dict[bytes, Kept] = {}
        for part, is_own in ((_OTHERS, False), (_OWN, True)):
            for name, size, shown_ms in self._files(self._folder / part):
                found[name] = Kept(size, shown_ms, is_own)
        ledger = Ledger()
        for name, kept in sorted(found.items(), key=lambda one: one[1].shown_ms):
            ledger.put(name, kept)
        return ledger

    def _files(self, folder: Path) -> Iterator[tuple[bytes, int, int]]:
        for shelf in _entries(folder):
            if not shelf.is_dir(follow_symlinks=False):
                continue
            for entry in _entries(Path(shelf.path)):
                with suppress(OSError):
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    state = entry.stat(follow_symlinks=False)
                    name = _name(entry.name)
                    if name is not None and name.hex()[:2] == shelf.name:
                        yield name, state.st_size, state.st_mtime_ns // 1_000_000
                    # Any other file is somebody's: the folder may be a link to an album.
                    elif (
                        entry.name.startswith(_PART)
                        and self._clock.now_ms() - state.st_mtime_ns // 1_000_000 > _STALE_MS
                    ):
                        self._unlink(Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _name(file_name: str) -> bytes | None:
    if not file_name.endswith(_SUFFIX) or len(file_name) != 2 * HASH_BYTES + len(_SUFFIX):
        return None
    try:
        return parse_hash(file_name.removesuffix(_SUFFIX))
    except MalformedInput:
        return None


def _write(path: Path, data: bytes, *, is_durable: bool) -> None:
    """The file, under its name only when it is whole. `is_durable`: it outlives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, part = tempfile.mkstemp(prefix=_PART, dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(part).unlink(missing_ok=True)
        raise
