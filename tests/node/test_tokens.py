"""fedretail/node/tokens.py: printed once, kept as hashes."""

from pathlib import Path
from typing import Any

import pytest

from fedretail.errors import Refused, UsageError
from fedretail.node import tokens
from fedretail.testing.nodes import written


def test_who_shows_a_token_is_known_by_it(shops: Any) -> None:
    node = shops("one")
    till = tokens.add(node, "till", ["offers:write"])
    scales = tokens.add(node, "scales", ["offers:write", "offers:write"])
    assert till != scales
    assert tokens.bearer(node, till) == tokens.tokens(node)[1]
    assert tokens.bearer(node, scales) == tokens.tokens(node)[0]
    assert tokens.tokens(node)[0].scopes == ("offers:write",)
    for text in ("", till[:-1], till + "x", till.upper(), "\ud800"):
        assert tokens.bearer(node, text) is None
    assert tokens.remove(node, "till")
    assert tokens.bearer(node, till) is None
    assert not tokens.remove(node, "till")


def test_the_disk_holds_no_token(shops: Any, tmp_path: Path) -> None:
    node = shops("one")
    till = tokens.add(node, "till", ["offers:write"])
    assert till not in repr(written(node))
    node.close()
    files = [path.read_bytes() for path in node.path.iterdir() if path.is_file()]
    assert not [data for data in files if till[4:].encode() in data]


def test_names_and_scopes_that_cannot_be(shops: Any) -> None:
    node = shops("one")
    for name in ("", "Till", "a b", "-a", "a" * 41):
        with pytest.raises(UsageError):
            tokens.add(node, name, ["offers:write"])
    for scopes in ([], ["everything"]):
        with pytest.raises(UsageError):
            tokens.add(node, "till", scopes)
    tokens.add(node, "till", ["offers:write"])
    with pytest.raises(Refused):
        tokens.add(node, "till", ["offers:write"])


def test_there_are_not_endlessly_many(shops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    node = shops("one")
    tokens.add(node, "a", ["offers:write"])
    tokens.add(node, "b", ["offers:write"])
    with pytest.raises(Refused):
        tokens.add(node, "c", ["offers:write"])
