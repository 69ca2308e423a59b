"""Pictures made small by a child process: the bounds of what comes out, whatever goes in."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from fedretail.domain.pictures import MAX_CARD_BYTES, MAX_PAGE_BYTES, parse_webp
from fedretail.errors import MalformedInput, Unavailable
from fedretail.pictures import encoding
from fedretail.pictures.encoder import MAX_DOTS, SIZES, encode
from fedretail.pictures.encoding import encoded

pytestmark = pytest.mark.process


def drawn(mode: str = "RGB", size: tuple[int, int] = (1200, 800)) -> Image.Image:
    """Loud noise: nothing is harder to make small."""
    noise = Image.effect_noise(size, 120)
    return Image.merge("RGB", [noise, noise.rotate(90), noise.rotate(180)]).convert(mode)


def saved(image: Image.Image, form: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def sizes(files: list[bytes]) -> list[tuple[int, int]]:
    return [Image.open(io.BytesIO(one)).size for one in files]


def half_and_half(size: tuple[int, int] = (400, 200)) -> Image.Image:
    """Left red, right blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


async def test_a_child_makes_a_card_and_a_page() -> None:
    card, page = await encoded(saved(drawn(), "JPEG"))
    assert len(card) <= MAX_CARD_BYTES
    assert len(page) <= MAX_PAGE_BYTES
    for file, (side, _) in zip((card, page), SIZES, strict=True):
        width, height = parse_webp(file)
        assert max(width, height) <= side
        assert abs(width / height - 1.5) < 0.02


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"),
        ("PNG", "LA"), ("PNG", "1"), ("PNG", "I;16"), ("GIF", "P"), ("WEBP", "RGBA"),
    ],
)  # fmt: skip
def test_every_known_sort_becomes_the_one_plain_form(form: str, mode: str) -> None:
    image = drawn("L").convert("I").point(lambda v: v * 200) if mode == "I;16" else drawn(mode)
    for file, (_, most) in zip(encode(saved(image.convert(mode), form)), SIZES, strict=True):
        parse_webp(file)
        assert len(file) <= most


def test_a_small_picture_stays_as_small_as_it_is() -> None:
    assert sizes(encode(saved(half_and_half((40, 20)), "PNG"))) == [(40, 20), (40, 20)]


def test_where_and_with_what_it_was_taken_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Mrs Huber"
    exif.get_ifd(0x8825)[1] = "N"
    text = saved(half_and_half(), "JPEG", exif=exif, icc_profile=b"p" * 200, comment=b"Huber")
    for file in encode(text):
        assert b"Huber" not in file
        assert b"EXIF" not in file
        assert dict(Image.open(io.BytesIO(file)).getexif()) == {}


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    card, _ = encode(saved(half_and_half(), "JPEG", exif=exif, quality=95))
    image = Image.open(io.BytesIO(card)).convert("RGB")
    assert image.size == (200, 400)
    dots: Any = image.load()
    top, bottom = dots[100, 50], dots[100, 350]
    assert top[0] > 200 > 90 > top[2]
    assert bottom[2] > 200 > 90 > bottom[0]


def test_what_can_be_seen_through_stands_on_white() -> None:
    card, _ = encode(saved(Image.new("RGBA", (60, 60), (0, 0, 0, 0)), "PNG"))
    assert min(Image.open(io.BytesIO(card)).convert("RGB").getpixel((30, 30))) > 250


def test_of_a_film_the_first_picture_is_taken() -> None:
    red, blue = (Image.new("RGB", (60, 40), colour) for colour in ("red", "blue"))
    card, _ = encode(saved(red, "GIF", save_all=True, append_images=[blue]))
    parse_webp(card)
    dot: Any = Image.open(io.BytesIO(card)).convert("RGB").getpixel((30, 20))
    assert dot[0] > 200 > 90 > dot[2]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that unfolds to that many dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BAD = {
    "nothing": b"",
    "text": b"<html>Not found</html>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a bomb": bomb(60_000, 60_000),
    "a bomb just too large": bomb(MAX_DOTS // 1000 + 1, 1000),
    "a line a dot high": bomb(2_000_000_000, 1),
    "half a picture": saved(half_and_half(), "PNG")[:-40],
    "tiff": saved(half_and_half(), "TIFF"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "no dots": b"GIF89a\x00\x00\x00\x00\x00\x00\x00;",
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_picture_ends_the_child_alone(name: str) -> None:
    with pytest.raises(MalformedInput):
        await encoded(BAD[name])


async def test_a_child_that_dies_or_lies_is_no_picture(tmp_path, monkeypatch) -> None:
    for number, script in enumerate(
        (
            "import os; os.abort()",
            "import sys; sys.stdout.buffer.write(bytes([0, 0, 0, 9]) + b'<script>')",
            "import sys; sys.stdout.buffer.write(b'\\xff' * 70_000)",
            "",
        )
    ):
        module = f"lying{number}"
        (tmp_path / f"{module}.py").write_text(script)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(encoding, "_MODULE", module)
        with pytest.raises(MalformedInput):
            await encoded(b"x")


async def test_without_pillow_it_is_said_what_to_install(tmp_path, monkeypatch) -> None:
    (tmp_path / "bare.py").write_text("raise ModuleNotFoundError('PIL')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(encoding, "_MODULE", "bare")
    with pytest.raises(Unavailable, match="Pillow"):
        await encoded(b"x")
