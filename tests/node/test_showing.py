"""Whether pages show own offers alone: one setting, and none that somebody wrote is lost."""

from typing import Any

import pytest

from fedretail.errors import Refused
from fedretail.node.showing import show_own_only, shows_own_only

OTHERS = 'few_below = 3\n\n[views.mine]\nwithin = "5km"\n'


def test_there_and_back(shops: Any) -> None:
    node = shops("farm")
    (node.path / "config.toml").write_text(OTHERS, encoding="utf-8")
    assert not shows_own_only(node)
    for _ in range(2):
        show_own_only(node, wanted=True)
        assert shows_own_only(node)
        assert (node.config.few_below, set(node.config.views)) == (3, {"mine", "own"})
    show_own_only(node, wanted=False)
    assert not shows_own_only(node)
    assert (node.config.few_below, set(node.config.views)) == (3, {"mine"})


def test_nothing_is_written_where_nothing_changes(shops: Any) -> None:
    node = shops("farm")
    show_own_only(node, wanted=False)
    assert not (node.path / "config.toml").exists()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('web_view = "mine"\n[views.mine]\nwithin = "5km"\n', True),
        ('web_view = "mine"\n[views.mine]\nown = "only"\nclaims = ["organic"]\n', False),
    ],
)
def test_a_view_of_the_shops_own_making_is_changed_by_its_maker(
    shops: Any, text: str, wanted: bool
) -> None:
    node = shops("farm")
    (node.path / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"config\.toml"):
        show_own_only(node, wanted=wanted)
    assert (node.path / "config.toml").read_text(encoding="utf-8") == text


def test_a_view_that_the_api_is_bound_to_stays(shops: Any) -> None:
    node = shops("farm")
    text = 'web_view = "own"\napi_view = "own"\n[views.own]\nown = "only"\n'
    (node.path / "config.toml").write_text(text, encoding="utf-8")
    show_own_only(node, wanted=False)
    assert (node.config.web_view, node.config.api_view) == ("", "own")
    assert set(node.config.views) == {"own"}
