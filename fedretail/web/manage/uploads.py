"""Price lists on their way in: files in the data directory until they are published or dropped."""

import contextlib
import re
import secrets
import shutil
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from fedretail.connectors import BadRow
from fedretail.errors import FedretailError, Unavailable
from fedretail.node.looks import Look

FOLDER = "uploads"
# A list of 500,000 articles takes some 60 MB.
MAX_FILE_BYTES = 100 * 1024 * 1024
# One for each browser that may be signed in.
_MOST = 8
_NAME = re.compile(r"[^\w.() -]+")


class FileTooLarge(FedretailError):
    """A file that no shop's price list is as large as."""

    exit_code = 1


@dataclass(slots=True)
class Upload:
    """A file that waits; what was decided of it.

    name: as the shopkeeper calls it. columns: heading -> role (None: not read), where that was
    changed. mended: line -> the row with the cell that was put right. left_out: lines. is_whole:
    a file with few of the known offers is the whole list (True) or a part of it (False). look: how
    the store stood when the preview was shown first. moved: names of the offers that changed since,
    by their keys. read: how much of the file, 0 to 1, whoever is reading it just now.
    """

    id: str
    name: str
    path: Path
    site: str | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    mended: dict[int, BadRow] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    complete: bool = False
    yes: bool = False
    is_whole: bool | None = None
    look: Look | None = None
    moved: dict[str, str] = field(default_factory=dict)
    read: float = 0.0

    def on_progress(self, done: int, total: int, rows: int) -> None:
        """Note how far the file is read."""
        self.read = done / total if total else 0.0


class Uploads:
    """Files that wait to be published, in a folder of their own."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()
        # What a daemon that was killed has left.
        shutil.rmtree(self._folder, ignore_errors=True)

    async def take(self, name: str, body: AsyncIterator[bytes]) -> Upload:
        """Write a file as it comes; FileTooLarge, and nothing of it stays."""
        upload = self._new(name)
        try:
            await write_body(upload.path, body)
        except BaseException:
            self._remove(upload)
            raise
        self._add(upload)
        return upload

    def copy(self, path: Path, name: str, site: str | None) -> Upload:
        """A file of this computer, as if it had been sent."""
        upload = self._new(name)
        upload.site = site
        try:
            upload.path.parent.mkdir(mode=0o700, parents=True)
            shutil.copyfile(path, upload.path)
        except OSError:
            self._remove(upload)
            raise
        self._add(upload)
        return upload

    def find(self, number: str) -> Upload | None:
        """The file that waits under this number."""
        return self._uploads.get(number)

    def drop(self, upload: Upload) -> None:
        """Forget a file, and remove it."""
        with self._lock:
            self._uploads.pop(upload.id, None)
        self._remove(upload)

    def _new(self, name: str) -> Upload:
        number = secrets.token_hex(8)
        plain = plain_name(name)
        return Upload(number, plain, self._folder / number / plain)

    def _add(self, upload: Upload) -> None:
        with self._lock:
            gone = [self._uploads.pop(one) for one in list(self._uploads)[: 1 - _MOST]]
            self._uploads[upload.id] = upload
        for old in gone:
            self._remove(old)

    def _remove(self, upload: Upload) -> None:
        shutil.rmtree(upload.path.parent, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def plain_name(name: str) -> str:
    """A name for a file: nothing of the one given reaches the disk but letters, digits and dots."""
    plain = _NAME.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")[-80:]
    return plain or "list"


async def write_body(path: Path, body: AsyncIterator[bytes]) -> None:
    """Write a new file in a new folder as it comes.

    FileTooLarge, Unavailable where it cannot be written; what is there of it is left then.
    """
    size = 0
    try:
        path.parent.mkdir(mode=0o700, parents=True)
        with path.open("xb") as file:
            async for part in body:
                size += len(part)
                if size > MAX_FILE_BYTES:
                    raise FileTooLarge(f"{path.name} is larger than 100 MB.")
                file.write(part)
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be kept: {error.strerror}.") from None
