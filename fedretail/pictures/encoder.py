"""A picture from anywhere made small, as a process: `python -m fedretail.pictures.encoder`.

    in   the bytes of a JPEG, PNG, GIF or WebP file
    out  for each size, the card first: its length (4 bytes, the first the greatest), a WebP file

Decoders of pictures are large and written in C. What breaks one breaks this process, which holds no
key, has a bounded memory and time, and lives for one picture. What leaves it has nothing of the
old file but what is seen: no place, no camera, no name, no profile.

Ends with 0, or with BAD where this is no picture that can be shown.
"""

import io
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from fedretail.domain.pictures import MAX_CARD_BYTES, MAX_PAGE_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image as Drawn

BAD = 3
# What a shop's camera or catalog makes. Not AVIF or TIFF: rare in lists of goods, and large code.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
# A camera of 50 million dots; unfolded as colours with transparency it takes 200 MB.
MAX_DOTS = 50_000_000
# (longest side, most bytes): a tile of a kiosk, and the half of a screen.
SIZES = ((400, MAX_CARD_BYTES), (1000, MAX_PAGE_BYTES))
# Good enough to eat with the eyes, down to what is still recognised; then with fewer dots.
_QUALITIES = (82, 74, 64, 52, 40)
_SHRINK = 0.75
_LEAST_SIDE = 32
# Twice what the largest picture takes here, libraries included.
_MEMORY_BYTES = 1 << 30
_CPU_S = 30


def encode(data: bytes) -> list[bytes]:
    """The WebP files of all sizes, the card first.

    ValueError or OSError where the bytes are no picture of a known sort within MAX_DOTS.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_DOTS
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_DOTS:
            raise ValueError("a picture of too many dots")
        largest = max(side for side, _ in SIZES)
        # A JPEG unfolds to an eighth of its dots, where that is enough: a tenth of the time.
        opened.draft("RGB", (largest, largest))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((largest, largest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return [_sized(_opaque(upright), side, most) for side, most in SIZES]


def _opaque(drawn: "Drawn") -> "Drawn":
    """In colours alone; what can be seen through stands on white, as on a shop's own page."""
    from PIL import Image

    if (
        drawn.mode == "P"
        or "transparency" in drawn.info
        or drawn.mode in ("LA", "PA", "La", "RGBa")
    ):
        drawn = drawn.convert("RGBA")
    if drawn.mode != "RGBA":
        return drawn.convert("RGB")
    ground = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(ground, drawn).convert("RGB")


def _sized(drawn: "Drawn", side: int, most_bytes: int) -> bytes:
    from PIL import Image

    small = drawn.copy()
    small.info.clear()
    while side >= _LEAST_SIDE:
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            out = io.BytesIO()
            small.save(out, "WEBP", quality=quality, method=4, exif=b"", icc_profile=b"", xmp=b"")
            if out.tell() <= most_bytes:
                return out.getvalue()
        side = int(max(small.size) * _SHRINK)
    raise ValueError("a picture that does not become small")


def _limit() -> None:
    """Bounds of memory, time and files, where this system has them; who waits has a time too."""
    try:
        import os
        import resource
    except ImportError:  # Windows has none: there MAX_DOTS bounds memory, and the parent time.
        return
    # Not typed on Windows.
    limits: Any = resource
    system: Any = os
    wanted = (("RLIMIT_AS", _MEMORY_BYTES), ("RLIMIT_CPU", _CPU_S), ("RLIMIT_FSIZE", 0))
    for name, most in (*wanted, ("RLIMIT_CORE", 0)):
        try:
            limits.setrlimit(getattr(limits, name), (most, most))
        except (AttributeError, OSError, ValueError):
            # macOS knows no bound of addresses.
            continue
    # The till comes first.
    system.nice(10)


def main(source: BinaryIO, target: BinaryIO) -> int:
    """Encode what is read; the number to end with."""
    from PIL import Image

    # What is needed is loaded before the bounds hold, and those before anything foreign is read.
    Image.preinit()
    _limit()
    try:
        made = encode(source.read())
    except (ValueError, OSError, SyntaxError, EOFError, MemoryError, ArithmeticError, LookupError):
        return BAD
    except Exception as error:
        # Pillow's own: DecompressionBombError.
        if type(error).__module__.startswith("PIL"):
            return BAD
        raise
    target.writelines(len(file).to_bytes(4, "big") + file for file in made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
