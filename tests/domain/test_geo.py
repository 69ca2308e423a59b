"""Geometry against vectors, the Hilbert curve against its recursive definition."""

import contextlib
import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.geo import (
    AREA_BITS,
    AXIS_BITS,
    EARTH_RADIUS_M,
    Position,
    area,
    arrow,
    bearing_deg,
    compass,
    distance_m,
    from_e7,
    hilbert,
    hilbert_xy,
    human_distance,
    parse_length,
    parse_position,
    to_e7,
    unit_xyz,
)
from fedretail.errors import MalformedInput

positions = st.builds(
    Position,
    st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 0.0, 180.0, 179.9999999]),
)
CELLS = 1 << AXIS_BITS


def angle(a: Position, b: Position) -> float:
    """Radians between two positions by vectors: atan2 of cross and dot product."""
    (ax, ay, az), (bx, by, bz) = unit_xyz(a), unit_xyz(b)
    cross = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return math.atan2(math.hypot(*cross), ax * bx + ay * by + az * bz)


@given(positions, positions)
@example(Position(0, 179.9999999), Position(0, -179.9999999))
@example(Position(90, 10), Position(-90, 70))
@example(Position(48.5, 9.05), Position(48.5, 9.0500001))
def test_distance_agrees_with_vectors(a: Position, b: Position) -> None:
    assert distance_m(a, b) == pytest.approx(angle(a, b) * EARTH_RADIUS_M, rel=1e-7, abs=1e-2)
    assert distance_m(a, b) == distance_m(b, a)


def test_known_distances() -> None:
    berlin, tuebingen = Position(52.5200, 13.4050), Position(48.5216, 9.0576)
    assert distance_m(berlin, tuebingen) == pytest.approx(540_900, abs=1500)
    assert distance_m(Position(0, 179.95), Position(0, -179.95)) == pytest.approx(11_119, abs=1)
    assert distance_m(Position(90, 0), Position(90, 123)) == pytest.approx(0, abs=1e-6)


@given(positions, st.floats(0, 360, exclude_max=True), st.floats(1, 5_000_000))
def test_bearing_leads_there(start: Position, bearing: float, metres: float) -> None:
    """Going that far on the bearing, by vectors, and asking back for the bearing."""
    if abs(start.lat) > 89.9:
        return
    x, y, z = unit_xyz(start)
    lon = math.radians(start.lon)
    east = (-math.sin(lon), math.cos(lon), 0.0)
    north = (-z * math.cos(lon), -z * math.sin(lon), math.cos(math.radians(start.lat)))
    turn, way = math.radians(bearing), metres / EARTH_RADIUS_M
    there = [
        math.cos(way) * p + math.sin(way) * (math.cos(turn) * n + math.sin(turn) * e)
        for p, n, e in zip((x, y, z), north, east)
    ]
    end = Position(
        math.degrees(math.asin(max(-1.0, min(1.0, there[2])))),
        math.degrees(math.atan2(there[1], there[0])),
    )
    off = abs((bearing_deg(start, end) - bearing + 180) % 360 - 180)
    assert off < 0.01
    assert distance_m(start, end) == pytest.approx(metres, rel=1e-6, abs=0.1)


@given(positions, positions)
def test_bearing_is_a_direction(a: Position, b: Position) -> None:
    assert 0 <= bearing_deg(a, b) < 360


def test_words_and_arrows() -> None:
    here = Position(48.5, 9.05)
    assert bearing_deg(here, Position(49, 9.05)) == 0
    assert compass(bearing_deg(here, Position(48.6, 9.2))) == "north-east"
    assert [compass(x) for x in (0, 22, 23, 90, 180, 270, 337, 338, 359.9)] == [
        "north", "north", "north-east", "east", "south", "west", "north-west", "north", "north",
    ]  # fmt: skip
    assert "".join(arrow(x) for x in range(0, 360, 45)) == "↑↗→↘↓↙←↖"
    assert bearing_deg(Position(0, 179.9), Position(0, -179.9)) == pytest.approx(90)


@pytest.mark.parametrize(
    ("lat", "lon", "words"),
    [
        (123.4, 0, "latitude 123.4 is outside -90 to 90"),
        (0, -180.5, "longitude -180.5 is outside -180 to 180"),
        (math.nan, 0, "latitude nan is outside -90 to 90"),
        (0, math.inf, "longitude inf is outside -180 to 180"),
    ],
)
def test_no_place_on_earth(lat: float, lon: float, words: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        Position(lat, lon)
    assert caught.value.message == words


@given(positions)
def test_integers_there_and_back(position: Position) -> None:
    lat_e7, lon_e7 = to_e7(position)
    back = from_e7(lat_e7, lon_e7)
    assert to_e7(back) == (lat_e7, lon_e7)
    assert abs(back.lat - position.lat) <= 0.51e-7
    assert abs(back.lon - position.lon) <= 0.51e-7


def test_integers_out_of_range() -> None:
    for lat_e7, lon_e7 in ((900_000_001, 0), (0, -1_800_000_001), (2**70, 0)):
        with pytest.raises(MalformedInput):
            from_e7(lat_e7, lon_e7)


def curve(bits: int) -> list[tuple[int, int]]:
    """The cells of a Hilbert curve in order, by its recursive definition."""
    if bits == 0:
        return [(0, 0)]
    side = 1 << (bits - 1)
    inner = curve(bits - 1)
    return [
        *((y, x) for x, y in inner),
        *((x, y + side) for x, y in inner),
        *((x + side, y + side) for x, y in inner),
        *((2 * side - 1 - y, side - 1 - x) for x, y in inner),
    ]


def test_hilbert_numbers_follow_the_recursive_curve() -> None:
    """One grid of 2**5 cells an axis, each standing for the first of its 2**10 x 2**10 cells.

    15 and 5 are both odd, so the curve of the coarse grid is not mirrored.
    """
    coarse = 5
    shift = AXIS_BITS - coarse
    for number, (x, y) in enumerate(curve(coarse)):
        assert hilbert_xy(x << shift, y << shift) >> (2 * shift) == number


@given(st.integers(0, CELLS - 2), st.integers(0, CELLS - 2))
def test_neighbours_in_a_block_share_their_first_bits(x: int, y: int) -> None:
    for level in range(AXIS_BITS + 1):
        same_block = (x >> level, y >> level) == ((x + 1) >> level, (y + 1) >> level)
        same_bits = hilbert_xy(x, y) >> 2 * level == hilbert_xy(x + 1, y + 1) >> 2 * level
        assert same_block == same_bits


@given(st.integers(0, (1 << AREA_BITS) - 2), st.integers(1, 64))
def test_the_curve_steps_to_neighbours(start: int, count: int) -> None:
    cells = [cell(number) for number in range(start, min(start + count, 1 << AREA_BITS))]
    assert all(abs(ax - bx) + abs(ay - by) == 1 for (ax, ay), (bx, by) in pairwise(cells))
    assert [hilbert_xy(*one) for one in cells] == list(range(start, start + len(cells)))


def cell(number: int) -> tuple[int, int]:
    """The cell with this number, by the textbook's d2xy."""
    x = y = 0
    for level in range(AXIS_BITS):
        side = 1 << level
        two = number >> (2 * level) & 3
        right, upper = two >> 1, (two & 1) ^ (two >> 1)
        if not upper:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x += side * right
        y += side * upper
    return x, y


@pytest.mark.parametrize(
    ("lat", "lon", "number"),
    [
        (0, 0, 536870912),
        (48.52, 9.05, 604628373),
        (-33.87, 151.21, 830737481),
        (90, 0, 626349397),
        (-90, -180, 0),
        (37.77, -122.42, 316435492),
        (0, 180, 268435456),
    ],
)
def test_golden(lat: float, lon: float, number: int) -> None:
    """On the wire and in every index: these numbers may never change."""
    assert hilbert(Position(lat, lon)) == number


@given(st.floats(-90, 90))
def test_the_antimeridian_is_one_line(lat: float) -> None:
    assert hilbert(Position(lat, 180)) == hilbert(Position(lat, -180))


@given(positions, st.integers(0, AREA_BITS))
def test_areas_nest(position: Position, bits: int) -> None:
    n, first = area(position, bits)
    assert n == bits
    assert 0 <= first < 1 << bits
    assert area(position)[1] >> (AREA_BITS - bits) == first


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("48.5,9.05", 48.5, 9.05), (" 48.5 , 9.05 ", 48.5, 9.05), ("-33.9;151.2", -33.9, 151.2),
        ("48.5 9.05", 48.5, 9.05), ("48,5; 9,05", 48.5, 9.05), ("48,9", 48, 9), ("+1,-2", 1, -2),
        ("geo:48.5,9.05;u=10", 48.5, 9.05), ("GEO:48.5,9.05,400?z=17", 48.5, 9.05),
        ("https://www.openstreetmap.org/#map=17/48.52/9.05", 48.52, 9.05),
        ("https://www.openstreetmap.org/?mlat=48.52&mlon=9.05#map=15/1/2", 48.52, 9.05),
        ("https://www.google.com/maps/place/X/@48.52,9.05,17z/data=!3m1", 48.52, 9.05),
        ("https://www.google.com/maps?q=48.52,9.05&z=3", 48.52, 9.05),
        ("https://www.google.com/maps/search/?api=1&query=48.52,9.05", 48.52, 9.05),
    ],
)  # fmt: skip
def test_positions_as_people_paste_them(text: str, lat: float, lon: float) -> None:
    assert parse_position(text) == Position(lat, lon)


@pytest.mark.parametrize(
    "text",
    ["", "here", "48.5", "48.5,9.05,1", "1e3,5", "nan,nan", "inf,0", "٣,٣", "\0", "\ud800",
     "😀,😀", "1" * 10_000, "geo:x,y", "https://example.org/", "1,2" * 5000, "91,0", "123.4,9.05"],
)  # fmt: skip
def test_no_position(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_position(text)
    caught.value.message.encode()


@given(st.text() | st.text("0123456789.,;:+- geohtps/@?=&", max_size=40))
def test_parsers_raise_nothing_else(text: str) -> None:
    for parse in (parse_position, parse_length):
        with contextlib.suppress(MalformedInput):
            parse(text)


@given(positions)
def test_a_printed_position_is_read_back(position: Position) -> None:
    read = parse_position(f"{position.lat:.7f},{position.lon:.7f}")
    assert distance_m(read, position) < 0.02


@pytest.mark.parametrize(
    ("text", "metres"),
    [("5km", 5000), ("300 m", 300), ("3mi", 4828.032), ("1,5 km", 1500), ("1.5KM", 1500),
     ("0.001 km", 1)],
)  # fmt: skip
def test_lengths(text: str, metres: float) -> None:
    assert parse_length(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    "text", ["", "5", "km", "-5km", "0 m", "5 parsec", "5e3 m", "nan km", "9" * 10_000, "\ud800"]
)
def test_no_length(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_length(text)


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0, "0 m"), (4.4, "4 m"), (583, "580 m"), (994, "990 m"), (996, "1.0 km"), (1449, "1.4 km"),
     (9_960, "10 km"), (12_345, "12 km"), (1_234_567, "1,235 km")],
)  # fmt: skip
def test_distances_for_people(metres: float, text: str) -> None:
    assert human_distance(metres).replace("\u00a0", " ") == text
