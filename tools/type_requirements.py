"""Prints what the type checker's own environment needs: everything but libp2p.

libp2p pulls trio-typing, whose trio-stubs shadow the types that trio brings itself.
"""

import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
# What tests import, and the checker; what only runs beside them (ruff, sphinx) is left out.
CHECKED_EXTRAS = ("testing",)
CHECKED_DEV = (
    "biip",
    "httpx2",
    "jsonschema-rs",
    "mypy",
    "packaging",
    "playwright",
    "schemathesis",
)


def type_requirements() -> list[str]:
    """Requirement lines: run-time dependencies without libp2p, test helpers, the checker."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [line for line in project["dependencies"] if not line.startswith("libp2p")]
    for extra in CHECKED_EXTRAS:
        lines += extras[extra]
    return lines + [line for line in extras["dev"] if line.startswith(CHECKED_DEV)]


if __name__ == "__main__":
    print("\n".join(type_requirements()))
