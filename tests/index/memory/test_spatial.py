"""A radius gives the same places by looking at all, by the globe, and by the plain formula."""

import threading

import numpy
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.geo import Position, distance_m, unit_xyz
from fedretail.index.memory.spatial import Globe, Scan, distances_m, doubt_m, reach_for

positions = st.builds(
    Position,
    st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0, 89.9999999]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 0.0, 179.9999999]),
)
radii = st.sampled_from([0.0, 1.0, 5_000.0, 200_000.0, 2.1e7, 1e9]) | st.floats(0, 2.1e7)


@given(st.lists(positions, max_size=30), positions, radii)
def test_scan_and_globe_are_exact(
    places: list[Position], center: Position, radius_m: float
) -> None:
    away = [distance_m(center, place) for place in places]
    wanted = [number for number, metres in enumerate(away) if metres <= radius_m]
    assert Scan(places).within(center, radius_m) == wanted
    assert sorted(Globe(places).within(center, radius_m)) == wanted
    points = numpy.array([unit_xyz(place) for place in places]).reshape(-1, 3)
    rough = distances_m(points, unit_xyz(center))
    assert (abs(rough - numpy.array(away)) <= doubt_m(rough)).all()


@given(positions, positions)
@example(Position(0.0, 0.0), Position(2.3e-302, 0.0))
def test_the_edge_belongs_to_the_circle(center: Position, place: Position) -> None:
    radius_m = distance_m(center, place)
    assert Scan([place]).within(center, radius_m) == [0]
    assert Globe([place]).within(center, radius_m) == [0]


def test_few_places_need_no_globe() -> None:
    assert isinstance(reach_for([Position(0, 0)] * 1_999), Scan)
    assert isinstance(reach_for([Position(0, 0)] * 2_000), Globe)


def test_threads_may_ask_one_globe() -> None:
    globe = Globe([Position(lat / 10, 9.0) for lat in range(800)])
    found: list[int] = []

    def ask() -> None:
        found.extend(len(globe.within(Position(40.0, 9.0), 500_000.0)) for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200
    assert len(set(found)) == 1
