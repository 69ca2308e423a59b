"""A part of the map, over the antimeridian and at the poles."""

import pytest

from fedretail.domain.boxes import Box, parse_box
from fedretail.domain.geo import Position
from fedretail.errors import MalformedInput


@pytest.mark.parametrize(
    ("box", "inside", "outside"),
    [
        (Box(48, 9, 49, 10), [(48, 9), (49, 10)], [(47.9, 9.5), (48.5, 10.01)]),
        (Box(-1, 179, 1, -179), [(0, 180), (0, -180), (0, 179), (0, -179)], [(0, 0), (2, 180)]),
        (Box(-1, -180, 1, -170), [(0, 180), (0, -175)], [(0, 175)]),
        (Box(-90, -180, 90, 180), [(90, 0), (0, 0), (-90, 5)], []),
        (Box(80, 10, 90, 20), [(90, 100), (85, 15)], [(89.9, 100)]),
    ],
)
def test_what_lies_inside(box: Box, inside: list[tuple[float, float]], outside) -> None:
    assert all(box.holds(Position(*place)) for place in inside)
    assert not any(box.holds(Position(*place)) for place in outside)


def test_the_middle() -> None:
    assert Box(48, 9, 49, 10).middle == Position(48.5, 9.5)
    assert Box(0, 179, 2, -177).middle == Position(1, -179)


def test_text_of_maps_that_were_turned() -> None:
    assert parse_box("48.4, 8.9,48.6,9.2") == Box(48.4, 8.9, 48.6, 9.2)
    assert parse_box("0,170,1,190") == Box(0, 170, 1, -170)
    assert parse_box("0,-190,1,-170") == Box(0, 170, 1, -170)
    assert parse_box("0,-200,1,200") == Box(0, -180, 1, 180)


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "2,0,1,1", "91,0,92,1", "0,500,1,400"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_box(text)
