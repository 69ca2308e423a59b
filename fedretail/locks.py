"""Locks of the operating system on files: one follower of an index, one daemon of a store.

Such a lock dies with its process, whatever kills it; the file itself means nothing.
"""

import sys
import time
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def _lock_nowait(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_nowait(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


# Several commands at once that ask whether it is held are done within some milliseconds.
_TRIES, _PAUSE_S = 5, 0.05


class FileLock:
    """A lock that at most one open FileLock of a path holds, over all processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def acquire_nowait(self) -> bool:
        """True when the lock is held now; False when somebody else holds it.

        OSError where the file can be neither opened nor made.
        """
        if self._file is not None:
            return True
        file = self._path.open("a+b")
        if not _is_free(file):
            file.close()
            return False
        self._file = file
        return True

    def acquire_soon(self) -> bool:
        """As `acquire_nowait`; one that is only asked about (`is_held`) is waited for."""
        for _ in range(_TRIES - 1):
            if self.acquire_nowait():
                return True
            time.sleep(_PAUSE_S)
        return self.acquire_nowait()

    def is_held(self) -> bool:
        """Whether anybody holds the lock now, this object included; nothing is made for it.

        Asking takes it for some microseconds: who means to keep it calls `acquire_soon`.
        """
        if self._file is not None:
            return True
        try:
            with self._path.open("rb") as file:
                return not _is_free(file)
        except OSError:
            return False

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _is_free(file: BinaryIO) -> bool:
    """Whether the lock could be taken; it is held then, until the file is closed."""
    try:
        _lock_nowait(file)
    except OSError:
        return False
    return True
