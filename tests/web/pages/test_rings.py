"""The map as drawn: nothing overlaps, nothing strays, scale and direction hold."""

import math

from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position, bearing_deg, distance_m
from fedretail.web.pages.rings import (
    DOT_R,
    HOME_R,
    MIDDLE,
    RADIUS,
    RINGS_M,
    Box,
    Spot,
    draw,
    offset_m,
    rings_for,
)

HERE = Position(48.52, 9.05)
places = st.builds(
    Position,
    st.floats(HERE.lat - 0.4, HERE.lat + 0.4),
    st.floats(HERE.lon - 0.6, HERE.lon + 0.6),
)
streets = st.lists(st.tuples(places, st.integers(1, 99_999)), max_size=30)


def spots(street) -> list[Spot]:
    return [Spot(f"s{n}", at, f"€{price / 100:.2f}", price) for n, (at, price) in enumerate(street)]


@given(streets)
def test_every_shop_stands_somewhere_and_no_two_dots_touch(street) -> None:
    drawn = draw(HERE, spots(street))
    shown = [name for dot in drawn.dots for name in dot.ids]
    assert sorted([*shown, *drawn.beyond]) == sorted(spot.id for spot in spots(street))
    for n, dot in enumerate(drawn.dots):
        assert math.hypot(dot.x - MIDDLE, dot.y - MIDDLE) >= HOME_R + DOT_R - 0.1
        for other in drawn.dots[:n]:
            assert math.hypot(dot.x - other.x, dot.y - other.y) >= 2 * DOT_R - 1e-6


@given(streets)
def test_a_dot_that_moves_moves_a_little_along_its_bearing(street) -> None:
    drawn = draw(HERE, spots(street))
    scale = RADIUS / drawn.rings[-1][0]
    for dot in drawn.dots:
        at = next(spot.position for spot in spots(street) if spot.id == dot.ids[0])
        x, y = (scale * one for one in offset_m(HERE, at))
        moved = math.hypot(dot.x - MIDDLE - x, MIDDLE - dot.y - y)
        away = math.hypot(x, y)
        assert moved <= max(1.5 * DOT_R, HOME_R + DOT_R - away) + 1e-6
        if moved > 0.01 and away > 1:
            assert abs(x * (MIDDLE - dot.y) - y * (dot.x - MIDDLE)) <= 1e-6 * away * 500


@given(streets, st.lists(st.tuples(st.text("abcdefgh", min_size=3, max_size=12), places)))
def test_no_label_covers_another_thing(street, towns) -> None:
    drawn = draw(HERE, spots(street), towns, home=Spot("home", HERE, "€1.29", 129))
    dots = [Box(dot.x, dot.y, 2 * DOT_R, 2 * DOT_R, "") for dot in drawn.dots]
    every = [*dots, *drawn.tags, *drawn.labels, *drawn.towns]
    for n, box in enumerate(every):
        assert box in dots or box.is_inside
        assert not any(
            box.meets(other, 0) for other in every[:n] if not (box in dots and other in dots)
        )
    assert len(drawn.towns) <= 5


@given(places)
def test_the_projection_is_true_to_scale_and_direction(place) -> None:
    east, north = offset_m(HERE, place)
    assert math.isclose(math.hypot(east, north), distance_m(HERE, place), rel_tol=0.01, abs_tol=1)
    if distance_m(HERE, place) > 100:
        turned = abs(
            (math.degrees(math.atan2(east, north)) - bearing_deg(HERE, place) + 180) % 360 - 180
        )
        assert turned < 1


def test_shops_across_the_date_line_are_near() -> None:
    east, _ = offset_m(Position(0, 179.99), Position(0, -179.99))
    assert 0 < east < 3_000


@given(st.floats(0, 60_000))
def test_the_furthest_fits_the_outer_ring(furthest_m) -> None:
    rings = rings_for(furthest_m)
    assert 2 <= len(rings) <= 3
    assert rings[-1][1] == RADIUS
    assert furthest_m <= rings[-1][0] or rings[-1][0] == RINGS_M[-1]
    assert [metres for metres, _ in rings] == sorted(metres for metres, _ in rings)


def test_the_cheapest_gets_its_tag_first() -> None:
    near = [Spot(f"s{n}", Position(48.53, 9.05 + n * 0.004), "€1.00", 10 - n) for n in range(6)]
    drawn = draw(HERE, near)
    assert drawn.tags
    assert (
        drawn.tags[0].id
        == min((s for s in near if s.id in {d.ids[0] for d in drawn.dots}), key=lambda s: s.rank).id
    )


def test_who_cannot_be_moved_aside_stands_behind() -> None:
    at = Position(48.53, 9.05)
    drawn = draw(HERE, [Spot(f"s{n}", at) for n in range(12)])
    assert any(dot.more for dot in drawn.dots)
    assert sum(len(dot.ids) for dot in drawn.dots) == 12
