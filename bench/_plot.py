"""Lines in an SVG, both axes logarithmic: enough to see how something grows."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT, MARGIN, LEGEND = 720, 420, 60, 260
_COLOURS = (
    "#1b6ca8", "#c8553d", "#588157", "#7b2cbf", "#b08900", "#2a9d8f", "#6c757d", "#d62884",
    "#5c4033", "#000000",
)  # fmt: skip


def plot(lines: Mapping[str, Sequence[tuple[float, float]]], *, across: str, up: str) -> str:
    """The SVG of named lines of (x, y), all above 0."""
    points = [point for line in lines.values() for point in line]
    low_x, high_x = _ends([x for x, _ in points])
    low_y, high_y = _ends([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        right = (log10(x) - low_x) / (high_x - low_x) * (WIDTH - 2 * MARGIN)
        rise = (log10(y) - low_y) / (high_y - low_y) * (HEIGHT - 2 * MARGIN)
        return MARGIN + right, HEIGHT - MARGIN - rise

    parts = [_text(WIDTH / 2, HEIGHT - 12, across), _text(16, 30, up)]
    for power in range(low_x, high_x + 1):
        x, bottom = place(10.0**power, 10.0**low_y)
        parts += [_line([(x, MARGIN), (x, bottom)], "#ddd"), _text(x, bottom + 18, f"1e{power}")]
    for power in range(low_y, high_y + 1):
        left, y = place(10.0**low_x, 10.0**power)
        parts += [_line([(left, y), (WIDTH - MARGIN, y)], "#ddd")]
        parts += [_text(left - 22, y + 4, f"{10.0**power:g}")]
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(_line([place(*point) for point in line], colour))
        y = MARGIN + 18 * number
        parts.append(_text(WIDTH + 4, y, name, colour=colour, anchor="start"))
    size = f'width="{WIDTH + LEGEND}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">'
    return "\n".join([head, *parts, "</svg>", ""])


def _ends(values: list[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, *, colour: str = "#333", anchor: str = "middle") -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} font-size="12" fill="{colour}">{escape(text)}</text>'
