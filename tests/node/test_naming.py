"""What those are called whom the records know by numbers."""

from fedretail.node.naming import damaged_name, shop_name
from fedretail.node.node import Node
from fedretail.store.check import Problem


def test_a_shop_is_called_by_its_member_else_by_its_place(shop: Node) -> None:
    assert shop.owner is not None
    assert shop_name(shop, shop.owner) == shop.member()["name"]
    shop.set_member({"name": None})
    assert shop_name(shop, shop.owner) == shop.site().name
    assert shop.neighbour_name(shop.identity.peer_id) == shop.site().name
    assert shop_name(shop, b"x" * 16) == ""


def test_a_shop_without_any_name_is_told_as_such(shop: Node) -> None:
    shop.set_member({"name": None})
    shop.set_site(shop.site(), {"name": ""})
    assert shop.neighbour_name(shop.identity.peer_id).startswith("a shop without a name (")


def test_a_problem_of_no_log_is_nobodys(shop: Node) -> None:
    assert damaged_name(shop, Problem("store.db", "damaged")) == ""
    assert damaged_name(shop, Problem("member of …", "damaged", b"x" * 16)) == ""
