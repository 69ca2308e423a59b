"""The project itself: sizes, licences, pins, what stands in no file."""

import ast
import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted((ROOT / "fedretail").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50


def test_files_stay_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES + TESTS}
    long = {path.relative_to(ROOT).as_posix() for path, size in sizes.items() if size > MOST_LINES}
    assert not long


def test_functions_stay_small() -> None:
    long = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert not long


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in MODULES}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]


def test_tests_hold_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_test_files_mirror_the_tree() -> None:
    """tests/x/test_y.py tests fedretail/x/y.py, or a y that its docstring explains."""
    known = {path.relative_to(ROOT / "fedretail").parent for path in MODULES}
    known.add(Path("web/browser"))  # all faces together, in a real browser
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert path.relative_to(ROOT / "tests").parent in known, path


def test_the_pure_part_of_p2p_is_under_contract() -> None:
    contracts = {c["id"]: c for c in PROJECT["tool"]["importlinter"]["contracts"]}
    contract = contracts.get("p2p-protocol-is-sans-io", {"source_modules": []})
    with_io = {
        *("asker", "blobs", "transport", "memory", "host", "service", "sockets", "link", "mirror"),
        *("heads", "own", "supervisor", "__init__"),
    }
    for path in (ROOT / "fedretail" / "p2p").iterdir():
        name = path.stem
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and name not in with_io:
            assert f"fedretail.p2p.{name}" in contract["source_modules"], name


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_constraints_are_names_and_versions_alone() -> None:
    for name, version in pins().items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        assert re.fullmatch(r"[0-9][0-9a-z.]*", version), name


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    project = PROJECT["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    pinned = {canonicalize_name(name): version for name, version in pins().items()}
    for line in lines:
        requirement = Requirement(line)
        if requirement.name != "fedretail":
            assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, line


@pytest.mark.parametrize("name", ["hypothesis", "pytest", "biip", "python-stdnum"])
def test_no_run_time_dependency(name: str) -> None:
    needed = [Requirement(line).name for line in PROJECT["project"]["dependencies"]]
    assert name not in needed


def test_notice_names_every_direct_dependency() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for line in PROJECT["project"]["dependencies"]:
        assert f"  {canonicalize_name(Requirement(line).name)}: " in notice, line


def test_the_licence_is_the_whole_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n" in text
    assert "END OF TERMS AND CONDITIONS" in text


def tracked() -> list[Path]:
    """All files under version control; skips where this is no clone."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a clone")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_file_holds_a_path_of_one_machine() -> None:
    homes = re.compile(rb"/(?:home|Users|root)/[a-z]|[A-Z]:[\\]Users")
    holds = [p for p in tracked() if p.is_file() and homes.search(p.read_bytes())]
    assert not holds


def test_no_file_is_large() -> None:
    # 200 kB: sample data and golden vectors stay far below; a real catalog would not.
    assert not [str(p) for p in tracked() if p.is_file() and p.stat().st_size > 200_000]
