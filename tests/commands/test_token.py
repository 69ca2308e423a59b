"""fedretail/commands/token.py."""

from pathlib import Path

from fedretail.node import tokens
from fedretail.node.node import Node


def test_a_token_is_made_listed_and_removed(shop, tmp_path: Path) -> None:
    made = shop("token", "add", "till", "--scope", "offers:write")
    text = next(word for word in made.out.split() if word.startswith("frt_"))
    with Node.open(tmp_path / "shop") as node:
        assert tokens.bearer(node, text).name == "till"
    listed = shop("token", "list")
    assert "till" in listed.out
    assert text not in listed.out
    assert shop("token", "remove", "till").code == 0
    assert shop("token", "remove", "till").code == 1
    assert shop("token", "list", "--json").object == {"tokens": []}
