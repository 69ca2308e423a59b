"""A radius gives the same places by looking at all, by the tree, and by the plain formula."""

import threading

from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.geo import Position, distance_m
from fedretail.index.spatial import Scan, Tree, reach_for

positions = st.builds(
    Position,
    st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0, 89.9999999]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 0.0, 179.9999999]),
)
radii = st.sampled_from([0.0, 1.0, 5_000.0, 200_000.0, 2.1e7, 1e9]) | st.floats(0, 2.1e7)


@given(st.lists(positions, max_size=30), positions, radii)
def test_scan_and_tree_are_exact(places: list[Position], center: Position, radius_m: float) -> None:
    away = {number: distance_m(center, place) for number, place in enumerate(places)}
    wanted = {number: metres for number, metres in away.items() if metres <= radius_m}
    assert dict(Scan(places).within(center, radius_m)) == wanted
    assert dict(Tree(places).within(center, radius_m)) == wanted


@given(positions, positions)
@example(Position(0.0, 0.0), Position(2.3e-302, 0.0))
def test_the_edge_belongs_to_the_circle(center: Position, place: Position) -> None:
    radius_m = distance_m(center, place)
    assert Scan([place]).within(center, radius_m) == [(0, radius_m)]
    assert Tree([place]).within(center, radius_m) == [(0, radius_m)]


def test_few_places_need_no_tree() -> None:
    assert isinstance(reach_for([Position(0, 0)] * 1_999), Scan)
    assert isinstance(reach_for([Position(0, 0)] * 2_000), Tree)


def test_threads_may_ask_one_tree() -> None:
    tree = Tree([Position(lat / 10, 9.0) for lat in range(800)])
    found: list[int] = []

    def ask() -> None:
        found.extend(len(tree.within(Position(40.0, 9.0), 500_000.0)) for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200
    assert len(set(found)) == 1
