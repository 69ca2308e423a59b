"""Network drives are told apart from disks."""

from pathlib import Path

import pytest

from fedretail.errors import Refused
from fedretail.store import volume

MOUNTS = [
    ("/", "ext4"),
    ("/mnt", "xfs"),
    ("/mnt/anna/share", "cifs"),
    ("/mnt/anna/share/disk", "ext4"),
    ("/mnt/nas", "nfs4"),
]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/mnt/anna", "xfs"),
        ("/mnt/anna/share", "cifs"),
        ("/mnt/anna/share/x/y", "cifs"),
        ("/mnt/anna/shared", "xfs"),
        ("/mnt/anna/share/disk/x", "ext4"),
        ("/mnt/nas/x", "nfs4"),
    ],
)
def test_the_deepest_mount_counts(folder: str, kind: str) -> None:
    assert volume.filesystem(Path(folder), MOUNTS) == kind


def test_a_network_drive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume.refuse_network_drive(tmp_path)
    monkeypatch.setattr(volume, "_mounts", lambda: [("/", "ext4"), (str(tmp_path), "smb3")])
    with pytest.raises(Refused, match="network drive") as caught:
        volume.refuse_network_drive(tmp_path / "data")
    assert "--data-dir" in caught.value.hint


def test_what_cannot_be_told_is_no_network_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[tuple[str, str]]:
        raise PermissionError

    monkeypatch.setattr(volume, "_mounts", fail)
    assert not volume.is_network_drive(tmp_path)
