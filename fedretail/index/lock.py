"""One follower at a time: an operating-system lock on a file beside the index.

The lock dies with its process, whatever kills it; the file itself means nothing.
"""

import sys
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


class FileLock:
    """A lock that at most one open FileLock of a path holds, over all processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def acquire_nowait(self) -> bool:
        """True when the lock is held now; False when somebody else holds it."""
        if self._file is not None:
            return True
        file = self._path.open("a+b")
        try:
            _lock_nowait(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
