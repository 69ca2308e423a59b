"""The keys: for their owner alone, never half written, never written over."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.errors import FedretailError, MalformedInput, Refused, Unavailable
from fedretail.node.keyring import FILE_NAME, Keyring
from fedretail.node.node import Node
from fedretail.testing.nodes import new_shop

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    made = Keyring.new(is_reader=False)
    made.save(tmp_path / FILE_NAME, is_new=True)
    return made


@pytest.mark.parametrize("is_reader", [False, True])
def test_keys_come_back_as_they_were(tmp_path: Path, is_reader: bool) -> None:
    made = Keyring.new(is_reader=is_reader)
    made.save(tmp_path / FILE_NAME, is_new=True)
    read = Keyring.load(tmp_path / FILE_NAME)
    assert (read.root_seed, read.device_seed) == (made.root_seed, made.device_seed)
    assert (read.root is None) == is_reader
    assert not read.backed_up
    assert Keyring.new(is_reader=is_reader).device_seed != made.device_seed


@posix
def test_only_their_owner_may_read_them(tmp_path: Path, keys: Keyring) -> None:
    path = tmp_path / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    keys.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    keys.backup(path, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_the_same_keys_and_is_remembered(tmp_path: Path, keys: Keyring) -> None:
    keys.backup(tmp_path / FILE_NAME, tmp_path / "copy")
    assert Keyring.load(tmp_path / "copy").root_seed == keys.root_seed
    assert Keyring.load(tmp_path / FILE_NAME).backed_up
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", FILE_NAME]


def test_nothing_is_written_over(tmp_path: Path, keys: Keyring) -> None:
    (tmp_path / "copy").write_text("something dear", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for name in ("copy", "folder", FILE_NAME):
        with pytest.raises(Refused, match="already"):
            keys.backup(tmp_path / FILE_NAME, tmp_path / name)
    assert (tmp_path / "copy").read_text(encoding="utf-8") == "something dear"
    assert not Keyring.load(tmp_path / FILE_NAME).backed_up
    with pytest.raises(Unavailable, match="cannot be written"):
        keys.backup(tmp_path / FILE_NAME, tmp_path / "no such folder" / "copy")


def test_half_a_file_never_stays(
    tmp_path: Path, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fedretail.node.keyring.os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        keys.backup(tmp_path / FILE_NAME, tmp_path / "copy")
    with pytest.raises(Unavailable):
        keys.save(tmp_path / FILE_NAME)
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    assert Keyring.load(tmp_path / FILE_NAME).device_seed == keys.device_seed


def test_keys_that_are_missing_or_closed(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="missing") as caught:
        Keyring.load(tmp_path / FILE_NAME)
    assert "backup" in caught.value.hint
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unavailable):
        Keyring.load(tmp_path / "folder")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2, "root_seed": null, "device_seed": "00"}',
        '{"version": 1, "root_seed": null, "device_seed": "00"}',
        '{"version": 1, "root_seed": 7, "device_seed": "' + "00" * 32 + '"}',
        '{"version": 1, "root_seed": null, "device_seed": "' + "gg" * 32 + '"}',
        '{"version": 1, "device_seed": "' + "00" * 32 + '"}',
    ],
)
def test_damaged_keys_are_said_to_be_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(content, encoding="utf-8")
    with pytest.raises(MalformedInput) as caught:
        Keyring.load(path)
    assert str(path) in caught.value.message
    assert path.read_text(encoding="utf-8") == content


@given(st.binary(max_size=200))
def test_any_bytes_are_keys_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / FILE_NAME
    path.write_bytes(content)
    try:
        Keyring.load(path)
    except FedretailError as error:
        assert error.exit_code == 1


def test_keys_of_another_store_are_refused(tmp_path: Path) -> None:
    new_shop(tmp_path / "one").close()
    new_shop(tmp_path / "two").close()
    keys = (tmp_path / "two" / FILE_NAME).read_bytes()
    (tmp_path / "one" / FILE_NAME).write_bytes(keys)
    with pytest.raises(Refused, match="another store"):
        Node.open(tmp_path / "one")


def test_what_is_shown_of_the_keys_is_public(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as node:
        shown = node.keys()
        secret = json.loads((node.path / FILE_NAME).read_text(encoding="utf-8"))
        assert not {secret["root_seed"], secret["device_seed"]} & {
            str(one) for one in shown.values()
        }
        assert shown["file"] == str(node.path / FILE_NAME)
        assert not shown["backed_up"]
        node.backup_keys(tmp_path / "copy")
        assert node.keys()["backed_up"]
        # No key lies in the store, which people copy.
        data = node.store.path.read_bytes()
        for name in ("root_seed", "device_seed"):
            assert bytes.fromhex(secret[name]) not in data
            assert secret[name].encode() not in data
