"""Exports: whole or not at all, over nothing that is not theirs, own fields only when asked for."""

import json
import os
from pathlib import Path

import pytest


def test_an_export_is_whole_and_comes_back(shop, run_in, tmp_path: Path) -> None:
    target = tmp_path / "all.jsonl"
    done = shop("export", "-o", target, "--json")
    lines = target.read_text("utf-8").splitlines()
    assert done.object["records"] == len(lines) - 1
    assert all(json.loads(line) for line in lines)
    run_in(tmp_path / "other", "init", "--name", "B", "--at", "1,1", "--currency", "EUR")
    assert run_in(tmp_path / "other", "import", target, "--json").object["new"] == 3


def test_own_fields_leave_only_with_mine(shop, tmp_path: Path) -> None:
    shop("offer", "set", "M1", "--stock", "731731")
    shop("export", "-o", tmp_path / "public.jsonl")
    mine = shop("export", "--mine", "-o", tmp_path / "mine.jsonl")
    assert "731731" not in (tmp_path / "public.jsonl").read_text("utf-8")
    assert "731731" in (tmp_path / "mine.jsonl").read_text("utf-8")
    assert "only you know" in mine.err


def test_a_failed_export_leaves_no_half_file(shop, tmp_path: Path, monkeypatch) -> None:
    from fedretail.node.node import Node

    def broken(self: object, out, **_: object) -> int:
        out.write("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Node, "export", broken)
    done = shop("export", "-o", tmp_path / "all.jsonl")
    assert done.code == 1
    assert "all.jsonl cannot be written: No space left on device.\n  Check the folder" in done.err
    assert not list(tmp_path.glob("all.jsonl*"))


def test_export_with_json_needs_a_file(shop) -> None:
    assert shop("export", "--json").code == 2
    assert shop("export", "-o", "/nowhere/at/all").code == 1
    assert "/all cannot be written" in shop("export", "-o", "/nowhere/at/all").err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_an_export_follows_no_link_and_keeps_own_fields_private(shop, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("theirs", encoding="utf-8")
    for name in ("mine.jsonl.part", "mine.jsonl"):
        (tmp_path / name).symlink_to(other)
    refused = shop("export", "--mine", "-o", tmp_path / "mine.jsonl")
    assert refused.code == 1
    assert "mine.jsonl is a link." in refused.err
    assert (tmp_path / "mine.jsonl").is_symlink()
    assert shop("export", "--mine", "--force", "-o", tmp_path / "mine.jsonl").code == 0
    assert not (tmp_path / "mine.jsonl").is_symlink()
    shop("export", "-o", tmp_path / "all.jsonl")
    assert other.read_text("utf-8") == "theirs"
    (tmp_path / "usual").touch()
    modes = [(tmp_path / name).stat().st_mode for name in ("mine.jsonl", "all.jsonl", "usual")]
    assert modes[0] & 0o077 == 0
    assert modes[1] == modes[2]


def test_an_export_takes_the_place_of_an_earlier_one_and_of_nothing_else(
    shop, tmp_path: Path
) -> None:
    target, letter = tmp_path / "all.jsonl", tmp_path / "letter.txt"
    assert shop("export", "-o", target).code == 0
    shop("offer", "set", "M1", "--price", "1.40")
    assert shop("export", "-o", target).code == 0
    assert '"1.40"' in target.read_text("utf-8")
    letter.write_text("Dear Ada", encoding="utf-8")
    done = shop("export", "-o", letter)
    assert done.code == 1
    assert "letter.txt is there already, and is no export." in done.err
    assert letter.read_text("utf-8") == "Dear Ada"
    assert shop("export", "-o", letter, "--force").code == 0
    assert letter.read_bytes() == target.read_bytes()


@pytest.mark.parametrize("name", ["store.db", "keys"])
def test_no_export_takes_the_place_of_the_shop_s_own_data(shop, tmp_path: Path, name: str) -> None:
    before = (tmp_path / "shop" / name).read_bytes()
    done = shop("export", "--force", "-o", tmp_path / "shop" / name)
    assert done.code == 1
    assert "own data" in done.err
    assert (tmp_path / "shop" / name).read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such devices")
def test_a_device_stays_one(shop) -> None:
    done = shop("export", "--force", "-o", "/dev/null")
    assert done.code == 1
    assert "no ordinary file" in done.err
    assert Path("/dev/null").is_char_device()


def test_a_dash_is_stdout(shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shop("export", "-o", "-").out == shop("export").out
    assert not (tmp_path / "-").exists()
