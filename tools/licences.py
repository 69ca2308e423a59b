"""Writes NOTICE: the licence of everything that is installed with fedretail at run time.

`--check` writes nothing. Both fail on a licence that nobody here has looked at.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOTICE = Path(__file__).resolve().parent.parent / "NOTICE"

# Looked at, and fine beside Apache-2.0 for a package that pip installs on its own. LGPL is: the
# library stays a file of its own that anyone may replace. GPL and AGPL are not.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD", "CC0-1.0", "ISC",
    "LGPL-2.1-or-later", "LGPL", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0",
    "Unlicense", "Zlib", "ZPL-2.1",
}  # fmt: skip

# Packages whose metadata is silent or wrong: read in their own licence files.
READ_BY_HAND = {
    "fastecdsa": "Unlicense",
}

# How authors write it -> the SPDX name; the first that matches holds.
SPELLINGS = [
    (r"apache", "Apache-2.0"),
    (r"lgpl|lesser general public", "LGPL"),
    (r"mozilla public license 2|mpl[- ]2", "MPL-2.0"),
    (r"bsd[- ]3|3-clause|new bsd", "BSD-3-Clause"),
    (r"bsd[- ]2|2-clause|simplified bsd", "BSD-2-Clause"),
    (r"0bsd", "0BSD"),
    (r"bsd", "BSD"),
    (r"\bmit\b", "MIT"),
    (r"\bisc\b", "ISC"),
    (r"cc0", "CC0-1.0"),
    (r"psf|python software foundation", "PSF-2.0"),
    (r"unlicense", "Unlicense"),
    (r"zlib", "Zlib"),
    (r"zpl", "ZPL-2.1"),
]

HEAD = """\
fedretail
Copyright The fedretail maintainers

Licensed under the Apache License, Version 2.0; see LICENSE.

fedretail contains data from:

  UN/ECE Recommendation 20 and ISO 4217 code lists, Public Domain Dedication and License

The tests contain axe-core 4.14.1 by Deque Systems, Mozilla Public License 2.0, unchanged and
packed (tests/fixtures/axe, licences beside it). What is installed contains no code of others. At
run time it uses these packages, each installed on its own and under its own licence (this list:
`make licences`):

"""


def run_time_packages(root: str = "fedretail") -> dict[str, Distribution]:
    """Canonical name -> distribution of everything that `root` needs on this machine."""
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        try:
            dist = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform
        for line in dist.requires or []:
            requirement = Requirement(line)
            key = canonicalize_name(requirement.name)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and key not in found and key != root:
                found[key] = distribution(key)
                waiting.append(key)
    return found


def licences(dist: Distribution) -> list[str]:
    """SPDX names of a package's licences; what could not be read stands as it was written."""
    name = canonicalize_name(dist.name)
    if name in READ_BY_HAND:
        return [READ_BY_HAND[name]]
    meta = dist.metadata
    expression = meta["License-Expression"]
    if expression:
        return [part.strip("() ") for part in re.split(r"\b(?:AND|OR|WITH)\b", expression)]
    lines = [line for line in meta.get_all("Classifier") or [] if line.startswith("License ::")]
    written = [line.rpartition("::")[2].strip() for line in lines] or [
        (meta["License"] or "none given").strip().partition("\n")[0]
    ]
    return sorted({_spdx(text) for text in written})


def _spdx(text: str) -> str:
    for pattern, name in SPELLINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return text


def main(arguments: list[str]) -> int:
    """Writes or checks; the exit code is the number of unlisted licences, at most 1."""
    packages = run_time_packages()
    named = {name: licences(dist) for name, dist in sorted(packages.items())}
    unlisted = {name: it for name, it in named.items() if not set(it) <= ALLOWED}
    for name, it in unlisted.items():
        print(f"{name}: {', '.join(it)}: nobody has looked at this licence", file=sys.stderr)
    text = HEAD + "".join(f"  {name}: {', '.join(it)}\n" for name, it in named.items())
    if "--check" not in arguments:
        NOTICE.write_text(text, encoding="utf-8", newline="\n")
    elif missing := [name for name in named if f"  {name}: " not in NOTICE.read_text("utf-8")]:
        print(f"NOTICE does not name {', '.join(missing)}: run `make licences`", file=sys.stderr)
        return 1
    print(f"{len(named)} packages, {len(unlisted)} with a licence nobody has looked at")
    return int(bool(unlisted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
