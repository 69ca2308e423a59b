"""A disk without room for the index (index.search): said, also where another tries in vain."""

import shutil
from pathlib import Path

import pytest

from fedretail.errors import Unavailable
from fedretail.index import search
from fedretail.locks import FileLock
from fedretail.node.node import Node


@pytest.mark.parametrize(("free", "said"), [(0, "The disk is full"), (10**9, "cannot be read")])
def test_an_index_that_the_daemon_cannot_make(
    shops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: str
) -> None:
    shop: Node = shops("one")
    lock = FileLock(shop.path / "index.lock")
    assert lock.acquire_nowait()
    monkeypatch.setattr(search, "_PAUSE_S", 0.0)
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Unavailable, match=said):
        shop.index.lag()
    lock.release()
