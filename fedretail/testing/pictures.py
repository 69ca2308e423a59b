"""Files that pass for pictures, as small as they come."""


def webp(width: int, height: int, *, body: bytes = b"") -> bytes:
    """A WebP file of the simple lossy form that says this size; `body` tells it from others.

    No decoder would draw it, but nothing in a shop decodes what it passes on.
    """
    frame = b"\x10\x00\x00\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    frame += body
    padded = frame + bytes(len(frame) & 1)
    chunk = b"VP8 " + len(frame).to_bytes(4, "little") + padded
    return b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk
