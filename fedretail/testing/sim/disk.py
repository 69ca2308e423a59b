"""One computer's disk: what was written survives a killed process, what was synced a power cut.

Real SQLite on real files, through a VFS that counts writes, refuses them when the disk is full,
and remembers which of them no sync has followed. A power cut keeps of these any, none, or torn
halves, in any order, as disks do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import apsw

from fedretail.testing.sim.world import World

# The least that a disk writes whole.
SECTOR_BYTES = 512
_BITS = 8
_number = count()


@dataclass(slots=True)
class _Image:
    """A file as it would be after a power cut: what is on the disk, and what is on its way."""

    durable: bytearray = field(default_factory=bytearray)
    # (offset, bytes written); bytes None: cut off at the offset.
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.pending:
            self._apply(offset, data)
        self.pending.clear()

    def _apply(self, offset: int, data: bytes | None) -> None:
        if data is None:
            del self.durable[offset:]
            return
        missing = offset - len(self.durable)
        if missing > 0:
            self.durable.extend(bytes(missing))
        self.durable[offset : offset + len(data)] = data

    def lose_power(self, world: World) -> None:
        """Each write on its way arrives, or does not, or in part."""
        kept = world.choose.choice([0.0, 0.3, 0.7, 1.0])
        for offset, data in self.pending:
            if world.happens(kept):
                self._apply(offset, data)
            elif data is not None and world.happens(0.3):
                sectors = world.choose.randrange(len(data) // SECTOR_BYTES + 1)
                self._apply(offset, data[: sectors * SECTOR_BYTES])
        self.pending.clear()


class Disk:
    """The disk of one computer, with the faults that it is told to have."""

    def __init__(self, world: World, folder: Path) -> None:
        self.folder = folder
        self.is_full = False
        # Writes until the disk is full, or the power fails; None: neither.
        self.full_in: int | None = None
        self.dead_in: int | None = None
        self.on_death: Callable[[], None] = lambda: None
        self._world = world
        self._images: dict[str, _Image] = {}

    def before_write(self) -> None:
        """Count a write; raises what SQLite is to see of a fault."""
        if self.dead_in is not None:
            self.dead_in -= 1
            if self.dead_in <= 0:
                self.dead_in = None
                self.on_death()
        if self.full_in is not None:
            self.full_in -= 1
            if self.full_in <= 0:
                self.full_in, self.is_full = None, True
                self._world.note("full", self.folder.name)
        if self.is_full:
            raise apsw.FullError("the simulated disk is full")

    def image(self, path: str) -> _Image:
        """What is known of a file."""
        if path not in self._images:
            known = Path(path).read_bytes() if Path(path).exists() else b""
            self._images[path] = _Image(bytearray(known))
        return self._images[path]

    def forget(self, path: str) -> None:
        """The file is deleted."""
        self._images.pop(path, None)

    def lose_power(self) -> None:
        """Put every file into the state that a power cut leaves; no process may have it open."""
        for path, image in self._images.items():
            image.lose_power(self._world)
            Path(path).write_bytes(image.durable)
        self.forget_shared()

    def forget_shared(self) -> None:
        """Shared memory does not outlive the last process."""
        for path in self.folder.glob("*-shm"):
            path.unlink()

    def flip(self, path: Path) -> None:
        """Some bits of a file rot; most bytes of a small store mean nothing."""
        image = self.image(str(path))
        image.sync()
        for _ in range(_BITS if image.durable else 0):
            at = self._world.choose.randrange(len(image.durable))
            image.durable[at] ^= 1 << self._world.choose.randrange(8)
        path.write_bytes(image.durable)

    def snapshot(self) -> dict[str, bytes]:
        """The files as they are, for a restore; no process may be writing."""
        return {path: Path(path).read_bytes() for path in sorted(self._images)}

    def restore(self, files: dict[str, bytes]) -> None:
        """Put the files of a snapshot back; no process may have them open."""
        for path in list(self._images):
            Path(path).unlink(missing_ok=True)
        self._images = {path: _Image(bytearray(data)) for path, data in files.items()}
        for path, data in files.items():
            Path(path).write_bytes(data)
        self.forget_shared()


class Vfs(apsw.VFS):
    """SQLite's view of a Disk for one process; a dead process writes nothing any more."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.is_dead = False
        self.name = f"fedretail-sim-{next(_number)}"
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "File":  # noqa: N802
        """Open a file."""
        return File(self, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        """Delete a file."""
        if self.is_dead:
            raise apsw.IOError("the process has ended")
        super().xDelete(name, syncdir)
        self.disk.forget(name)


class File(apsw.VFSFile):
    """An open file of a simulated disk."""

    def __init__(self, vfs: Vfs, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._vfs = vfs
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._image = vfs.disk.image(path)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write; survives a power cut only after a sync."""
        self._check()
        super().xWrite(data, offset)
        self._image.pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """Cut the file off."""
        self._check()
        super().xTruncate(size)
        self._image.pending.append((size, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        """What was written so far is on the disk."""
        if self._vfs.is_dead:
            raise apsw.IOError("the process has ended")
        self._image.sync()

    def _check(self) -> None:
        if not self._vfs.is_dead:
            self._vfs.disk.before_write()
        if self._vfs.is_dead:
            raise apsw.IOError("the process has ended")
