"""What can be measured of how pages look: sizes, weights, contrast, names."""

import gzip
import re
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "fixtures" / "axe" / "axe.min.js.gz"
MILK = "4260349420006"
PAGES = ("/", "/?q=milk", f"/product/{MILK}", "/map", "/shops", "/list", "/about", "/nothing")
MOST_BYTES = 150_000
# Scripts of the back office, which no shopper loads.
_OFFICE = ("manage.js", "first.js")
LEAST_TARGET_PX = 44
SMALL = """(least) =>
  [...document.querySelectorAll(".btn, .chip, .ct, .over, .ow, .nr a, .tabs a")]
  .map((one) => [one.className, one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, , box]) => box.width && Math.min(box.height, box.width) < least - 0.5)
  .map(([name, text, box]) => [name, text, box.width, box.height])"""
WEIGHT = """() => ["navigation", "resource"]
  .flatMap((kind) => performance.getEntriesByType(kind))
  .map((one) => [one.name, one.encodedBodySize])"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["kiosk", "phone"])
def test_axe_finds_nothing_serious(look, size, theme) -> None:
    script = gzip.decompress(AXE.read_bytes()).decode()
    page = look("/about", size)
    for path in PAGES:
        mark = "&" if "?" in path else "?"
        page.goto(f"{path}{mark}theme={theme}&lang=de")
        page.evaluate(script)
        found = page.evaluate("axe.run()")["violations"]
        bad = [
            (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not bad, path


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", [320, 390, 1080, 1920])
def test_nothing_hangs_over_the_edge(look, width, language) -> None:
    page = look("/about")
    page.set_viewport_size({"width": width, "height": 844})
    for path in PAGES:
        for more in (f"lang={language}", f"lang={language}&text=large"):
            page.goto(f"{path}{'&' if '?' in path else '?'}{more}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, more)


@pytest.mark.parametrize("size", ["kiosk", "phone"])
def test_what_is_touched_is_large_enough(look, size) -> None:
    page = look("/about", size)
    for path in PAGES:
        page.goto(path)
        small = page.evaluate(
            SMALL,
            LEAST_TARGET_PX,
        )
        assert not small, path


def test_the_first_page_is_light(look) -> None:
    page = look("/")
    page.reload(wait_until="networkidle")
    sizes = page.evaluate(WEIGHT)
    assert len(sizes) > 5
    assert sum(size for _, size in sizes) <= MOST_BYTES, sizes


def test_colours_stand_in_one_file() -> None:
    css = Path(__file__).parents[3] / "fedretail" / "web" / "static" / "css" / "pages.css"
    screen = "".join(
        css.with_name(name).read_text(encoding="utf-8") for name in ("pages.css", "kiosk.css")
    )
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", screen)) <= {"#000", "#0000"}
    # Phones load the first alone; a kiosk both.
    assert len(css.read_bytes()) <= 20_480
    scripts = css.parents[1] / "js"
    assert (
        sum(len(one.read_bytes()) for one in scripts.glob("*.js") if one.name not in _OFFICE)
        <= 12_288
    )


NAME_ROOM = """() => Math.min(...[...document.querySelectorAll(".over .m")]
  .map((one) => one.getBoundingClientRect().width
       / parseFloat(getComputedStyle(document.documentElement).fontSize)))"""


@pytest.mark.parametrize("width", [320, 390, 1024, 1280, 1366, 1920, 3840])
def test_a_name_has_room_beside_its_price(look, width) -> None:
    page = look("/about")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/?q=milk&lang=de")
    # Eight letters of a heading in a row, at least.
    assert page.evaluate(NAME_ROOM) >= 4.5


ROW_ROOM = NAME_ROOM.replace(".over .m", ".rows .g1")
KEYS = """() => [...document.querySelectorAll(".leg .lk")].filter((one) => {
  const [mark, all] = [one.querySelector(".k"), one].map((part) => part.getBoundingClientRect());
  return mark.top > all.bottom || mark.bottom < all.top || all.height > 3 * mark.height;
}).length"""


@pytest.mark.parametrize("width", [1024, 1210, 1280, 1366, 1440, 1600, 1610, 1920, 3840])
def test_what_a_shop_says_has_room_beside_its_price(look, width) -> None:
    page = look("/about")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/product/{MILK}?lang=de")
    # "1,8 km Richtung Westen" and more in one line.
    assert page.evaluate(ROW_ROOM) >= 14


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_a_key_stands_beside_its_word(look, width) -> None:
    page = look("/about")
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/?lang=de", "/?q=milk&lang=de", "/map?lang=de"):
        page.goto(path)
        assert page.evaluate(KEYS) == 0, path


def test_on_paper_stands_what_is_read_and_nothing_that_is_pressed(look, home) -> None:
    page = look(f"/product/{MILK}")
    page.emulate_media(media="print")
    assert page.locator(".rows li").count() == 3
    assert page.locator(".rows .tag").first.is_visible()
    for what in (".btn", ".map", ".foot", ".tabs", ".pic", ".sf", ".aw"):
        assert not [one for one in page.locator(what).all() if one.is_visible()], what
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(255, 255, 255)"


def test_forced_colours_leave_every_edge(look) -> None:
    page = look("/?q=milk", forced_colors="active")
    for what in (".tag", ".chip", ".card", ".sign"):
        width = page.locator(what).first.evaluate("(one) => getComputedStyle(one).borderTopWidth")
        assert width != "0px", what
