"""The golden vectors, by file name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedretail.testing import vectors

_FOLDER = Path(__file__).parents[2] / "docs" / "protocol" / "vectors"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, dict[str, Any]]]:
    """golden("heads") gives the vectors of heads.json by name."""

    def read(name: str) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in vectors.load(_FOLDER / f"{name}.json")}

    return read
