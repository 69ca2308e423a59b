"""Prints constraints.txt for the environment that runs this: names and versions, nothing else."""

from importlib.metadata import distributions

HEAD = """\
# The versions that `make test` runs with, for plain pip:
#     pip install -c constraints.txt -e ".[dev]"
# Resolved on the oldest Python we support, so that one file fits 3.11 to 3.13.
# Renew with `make constraints PYTHON=python3.11`.
"""
# What every new environment holds, and what is being installed itself.
NOT_PINNED = {"fedretail", "pip", "setuptools"}


def constraints() -> str:
    """The whole text of constraints.txt, sorted by name."""
    versions = {dist.name: dist.version for dist in distributions()}
    pins = [f"{name}=={version}\n" for name, version in versions.items() if name not in NOT_PINNED]
    return HEAD + "".join(sorted(pins, key=str.lower))


if __name__ == "__main__":
    print(constraints(), end="")
