"""Golden vectors: what bytes must be, for ever, kept as JSON that other implementations read."""

import json
from pathlib import Path
from typing import Any


def load(path: Path) -> list[dict[str, Any]]:
    """The vectors in a file; bytes stand as {"hex": ...} inside values."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    return [_with_bytes(vector) for vector in found]


def _with_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {name: _with_bytes(item) for name, item in value.items()}
    return value


def without_bytes(value: Any) -> Any:
    """`value` as JSON can hold it: bytes as {"hex": ...}."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list | tuple):
        return [without_bytes(item) for item in value]
    if isinstance(value, dict):
        return {name: without_bytes(item) for name, item in value.items()}
    return value
