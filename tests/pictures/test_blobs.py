"""Pictures on the disk: whole or not there, what their name says, and no more than the budget."""

import hashlib
import os
from pathlib import Path

import pytest

from fedretail.domain.pictures import MAX_PAGE_BYTES
from fedretail.errors import MalformedInput, Unavailable
from fedretail.pictures.blobs import Blobs
from fedretail.testing.clock import ManualClock
from fedretail.testing.pictures import webp

NOW_MS = 1_800_000_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


def opened(folder: Path, clock: ManualClock, budget_bytes: int = 1_000_000) -> Blobs:
    return Blobs(folder / "pictures", budget_bytes=budget_bytes, clock=clock)


def file_of(folder: Path, name: bytes) -> Path:
    (found,) = folder.rglob(f"{name.hex()}.webp")
    return found


def picture(number: int, size: int = 100) -> bytes:
    data = webp(32, 24, body=bytes([number]) * (size - 30))
    assert len(data) == size
    return data


def put_later(blobs: Blobs, clock: ManualClock, number: int) -> bytes:
    clock.advance(1000)
    return blobs.put(picture(number), is_own=False)


def test_a_picture_is_found_again_under_its_hash(tmp_path: Path, clock: ManualClock) -> None:
    blobs = opened(tmp_path, clock)
    name = blobs.put(picture(1), is_own=False)
    assert name == hashlib.sha256(picture(1)).digest()
    assert (blobs.has(name), blobs.is_own(name)) == (True, False)
    assert blobs.get(name) == picture(1)
    again = opened(tmp_path, clock)
    assert again.get(name) == picture(1)
    assert again.statistics()["picture_bytes_kept"] == 100
    assert (again.has(b"?" * 32), again.get(b"?" * 32)) == (False, None)


@pytest.mark.parametrize("data", [b"", b"<svg/>", webp(2000, 2), picture(1) + b"<script>"])
def test_what_is_no_plain_picture_is_never_kept(
    tmp_path: Path, clock: ManualClock, data: bytes
) -> None:
    blobs = opened(tmp_path, clock)
    with pytest.raises(MalformedInput):
        blobs.put(data, is_own=True)
    with pytest.raises(MalformedInput):
        blobs.put(webp(9, 9, body=bytes(MAX_PAGE_BYTES)), is_own=True)
    assert not list(tmp_path.rglob("*.webp"))


def test_the_longest_not_shown_goes_and_own_ones_stay(tmp_path: Path, clock: ManualClock) -> None:
    blobs = opened(tmp_path, clock, budget_bytes=400)
    own = blobs.put(picture(0), is_own=True)
    first, second, third = (blobs.put(picture(n), is_own=False) for n in (1, 2, 3))
    clock.advance(1000)
    assert blobs.get(first, is_shown=True)
    fourth = blobs.put(picture(4), is_own=False)
    assert [blobs.has(one) for one in (own, first, second, third, fourth)] == [
        True, True, False, True, True,
    ]  # fmt: skip
    assert len(list(tmp_path.rglob("*.webp"))) == 4
    assert blobs.statistics()["pictures_gone_total"] == 1


def test_own_pictures_may_take_all_the_room(tmp_path: Path, clock: ManualClock) -> None:
    blobs = opened(tmp_path, clock, budget_bytes=250)
    other = blobs.put(picture(9), is_own=False)
    own = [blobs.put(picture(n), is_own=True) for n in range(3)]
    assert all(map(blobs.has, own))
    assert not blobs.has(other)
    with pytest.raises(Unavailable):
        blobs.put(picture(8), is_own=False)
    assert all(blobs.get(one) for one in own)


def test_the_order_outlives_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    blobs = opened(tmp_path, clock, budget_bytes=300)
    first, second, third = (put_later(blobs, clock, n) for n in (1, 2, 3))
    clock.advance(2 * 3600 * 1000)
    blobs.get(first, is_shown=True)
    again = opened(tmp_path, clock, budget_bytes=300)
    fourth = again.put(picture(4), is_own=False)
    assert [again.has(one) for one in (first, second, third, fourth)] == [True, False, True, True]


def test_a_damaged_file_is_taken_away_to_be_fetched_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    blobs = opened(tmp_path, clock)
    name = blobs.put(picture(1), is_own=False)
    path = file_of(tmp_path, name)
    path.write_bytes(picture(1)[:-1] + b"!")
    assert blobs.get(name) is None
    assert not blobs.has(name)
    assert not path.exists()
    assert blobs.put(picture(1), is_own=False) == name
    assert blobs.get(name) == picture(1)
    assert blobs.statistics()["pictures_damaged_total"] == 1


def test_a_file_that_somebody_has_removed_is_simply_not_there(
    tmp_path: Path, clock: ManualClock
) -> None:
    blobs = opened(tmp_path, clock)
    name = blobs.put(picture(1), is_own=False)
    file_of(tmp_path, name).unlink()
    assert blobs.get(name) is None
    assert not blobs.has(name)


def test_one_of_a_neighbour_that_this_shop_shows_too_becomes_its_own(
    tmp_path: Path, clock: ManualClock
) -> None:
    blobs = opened(tmp_path, clock)
    name = blobs.put(picture(1), is_own=False)
    assert blobs.put(picture(1), is_own=True) == name
    assert blobs.is_own(name)
    assert blobs.put(picture(1), is_own=False) == name
    assert blobs.is_own(name)
    assert file_of(tmp_path, name).parent.parent.name == "own"
    assert blobs.statistics()["pictures"] == 1


def test_what_is_published_no_more_may_go_like_any_other(
    tmp_path: Path, clock: ManualClock
) -> None:
    blobs = opened(tmp_path, clock, budget_bytes=200)
    kept, dropped = (blobs.put(picture(n), is_own=True) for n in (1, 2))
    assert blobs.own_are({kept}) == 1
    assert (blobs.is_own(kept), blobs.is_own(dropped), blobs.has(dropped)) == (True, False, True)
    blobs.put(picture(3), is_own=False)
    assert (blobs.has(kept), blobs.has(dropped)) == (True, False)
    assert opened(tmp_path, clock).is_own(kept)
    # One that came back from a neighbour after its file was lost is an own one again.
    back = blobs.put(picture(5), is_own=False)
    assert blobs.own_are({kept, back}) == 1
    assert blobs.is_own(back)
    assert opened(tmp_path, clock).is_own(back)


def test_a_full_disk_is_said_and_leaves_nothing_half(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = opened(tmp_path, clock)

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Unavailable, match="No space left"):
        blobs.put(picture(1), is_own=True)
    monkeypatch.undo()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert blobs.statistics()["pictures"] == 0
    assert blobs.put(picture(1), is_own=True)


def test_what_a_crash_has_left_goes_after_a_day_and_foreign_files_are_no_pictures(
    tmp_path: Path, clock: ManualClock
) -> None:
    blobs = opened(tmp_path, clock)
    name = blobs.put(picture(1), is_own=False)
    folder = file_of(tmp_path, name).parent
    old, new = folder / ".part-old", folder / ".part-new"
    for path, at_s in ((old, NOW_MS // 1000 - 200_000), (new, NOW_MS // 1000)):
        path.write_bytes(b"half")
        os.utime(path, (at_s, at_s))
    (folder.parent / "Thumbs.db").write_bytes(b"x")
    (folder / f"{'0' * 64}.webp").write_bytes(picture(2))  # not where it belongs
    again = opened(tmp_path, clock)
    assert again.statistics()["pictures"] == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_somebody_elses_files_stay_whatever_their_age(tmp_path: Path, clock: ManualClock) -> None:
    """Where somebody keeps photos below this folder, or has laid a link to where they are."""
    album = tmp_path / "album"
    photos = [album / "2019" / "shop.jpg", album / "ab" / f"{'0' * 64}.jpg", album / "b.webp"]
    for path in photos:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
        os.utime(path, (1, 1))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "own").symlink_to(album, target_is_directory=True)
    with_link = opened(tmp_path, clock)
    with_link.put(picture(1), is_own=True)
    with_link.put(picture(2), is_own=False)
    assert opened(tmp_path, clock).statistics()["pictures"] == 2
    assert all(path.read_bytes() == b"photo" for path in photos)
