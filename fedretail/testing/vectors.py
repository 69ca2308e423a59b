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
