"""Whether a folder lies on a network drive, where several processes cannot share a store."""

import sys
from pathlib import Path

from fedretail.errors import Refused

# How Linux and macOS name the file systems of other machines.
_NETWORK = frozenset(
    {"9p", "afpfs", "afs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.rclone", "fuse.sshfs"}
    | {"glusterfs", "ncpfs", "nfs", "nfs4", "smb", "smb2", "smb3", "smbfs", "sshfs", "webdav"}
)
_WINDOWS_REMOTE = 4


def refuse_network_drive(folder: Path) -> None:
    """Raise Refused where `folder` lies on a network drive (SQLite's WAL needs shared memory)."""
    if is_network_drive(folder):
        raise Refused(
            f"{folder} is on a network drive; the store would be damaged there.",
            hint="Give a folder on this computer's own disk with --data-dir.",
        )


def is_network_drive(folder: Path) -> bool:
    """Whether `folder` lies on a network drive; False where that cannot be told."""
    told_by = _is_remote_on_windows if sys.platform == "win32" else _is_mounted_from_afar
    return told_by(folder)


def _is_mounted_from_afar(folder: Path) -> bool:
    try:
        return filesystem(folder.resolve(), _mounts()) in _NETWORK
    except OSError:
        return False


def filesystem(folder: Path, mounts: list[tuple[str, str]]) -> str:
    """The file system type of the deepest mount that holds `folder`; "" where none does."""
    holding = [(Path(place), kind) for place, kind in mounts if folder.is_relative_to(place)]
    return max(holding, key=lambda item: len(item[0].parts), default=(folder, ""))[1]


def _mounts() -> list[tuple[str, str]]:
    """(place, type) of each mount."""
    table = Path("/proc/self/mounts")
    if not table.exists():
        return _mounts_by_command()
    lines = [line.split(" ") for line in table.read_text("utf-8", "replace").splitlines()]
    return [(line[1].replace("\\040", " "), line[2]) for line in lines if len(line) > 2]


def _mounts_by_command() -> list[tuple[str, str]]:
    """The same from `mount`, whose lines read "//server/share on /Volumes/x (smbfs, nodev)".

    Nothing where it hangs, as it may when a server has gone.
    """
    import subprocess

    try:
        done = subprocess.run(
            ["/sbin/mount"], capture_output=True, text=True, check=False, timeout=5
        )
    except subprocess.TimeoutExpired:
        return []
    pairs = [line.split(" on ", 1)[-1].rsplit(" (", 1) for line in done.stdout.splitlines()]
    return [(pair[0], pair[1].split(",")[0].rstrip(")")) for pair in pairs if len(pair) == 2]


def _is_remote_on_windows(folder: Path) -> bool:
    import ctypes

    drive = folder.resolve().drive
    kernel = ctypes.windll.kernel32 if sys.platform == "win32" else None  # type: ignore[attr-defined,unused-ignore]
    if drive.startswith("\\\\") or kernel is None:
        return drive.startswith("\\\\")
    return int(kernel.GetDriveTypeW(drive + "\\")) == _WINDOWS_REMOTE
