"""docs/reference/json.md and what the commands print are the same objects."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from fedretail.cli import root

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json.md"
SECTION = re.compile(r"^## ([a-z ]+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
OBJECTS = {
    name: json.loads(block)
    for name, text in SECTION.findall(PAGE.read_text("utf-8"))
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
}
# `serve` prints its object while it runs, `manage` needs it, `demo` starts three daemons: each has
# tests of its own.
ELSEWHERE = {"serve", "demo", "manage"}


def differences(documented: Any, printed: Any, where: str = "") -> list[str]:
    """Where the two objects have other fields or types; null stands for any type."""
    if documented is None or printed is None:
        return []
    if isinstance(documented, dict) and isinstance(printed, dict):
        keys = set(documented) ^ set(printed)
        found = [f"{where}/{key}" for key in keys]
        for key in set(documented) & set(printed):
            found += differences(documented[key], printed[key], f"{where}/{key}")
        return found
    if isinstance(documented, list) and isinstance(printed, list):
        return [d for one in printed for d in differences(documented[0], one, where)][:1]
    kinds = {int: "number", float: "number"}
    same = kinds.get(type(documented), type(documented)) == kinds.get(type(printed), type(printed))
    return [] if same else [f"{where}: {type(printed).__name__}"]


def with_json() -> set[str]:
    """Every command that has --json."""

    def walk(command: click.Command, path: str, context: click.Context) -> set[str]:
        if isinstance(command, click.Group):
            inner = {
                name: command.get_command(context, name) for name in command.list_commands(context)
            }
            return set().union(
                *(
                    walk(one, f"{path} {name}".strip(), context)
                    for name, one in inner.items()
                    if one
                )
            )
        return {path} if any(p.name == "as_json" for p in command.params) else set()

    return walk(root, "", click.Context(root))


def test_every_command_with_json_is_documented() -> None:
    assert set(OBJECTS) == with_json()


@pytest.fixture
def full_shop(shop, tmp_path: Path):
    """A shop with all that can be printed, and the lines to print it."""
    (tmp_path / "shop" / "config.toml").write_text('listen = ["/ip4/127.0.0.1/tcp/4001"]\n')
    (tmp_path / "prices.csv").write_text("sku;name;price\nA;Apples;2,00\nB;Bad;x\n", "utf-8")
    shop("offer", "set", "M1", "--price", "1.10", "--regular-price", "1.50", "--stock", "3")
    shop("offer", "set", "M1", "--gtin", "4001842100121")
    shop("member", "set", "--legal-name", "Ada Miller")
    return shop


def lines(folder: Path) -> dict[str, list[str]]:
    return {
        "init": ["--name", "B", "--at", "1,1"],
        "site add": ["--name", "Stall", "--at", "48.5,9.0"],
        "site set": ["Brook Farm", "--contact", "+49"],
        "member set": ["--legal-form", "e.K."],
        "offer add": ["--sku", "N", "--name", "New", "--price", "1", "--site", "Brook Farm"],
        "offer set": ["N", "--price", "2", "--site", "Brook Farm"],
        "offer remove": ["N", "--site", "Brook Farm"],
        "import": [str(folder / "prices.csv"), "--site", "Brook Farm"],
        "export": ["-o", str(folder / "all.jsonl")],
        "search": ["milk"],
        "show": ["M1"],
        "keys backup": [str(folder / "copy")],
        "token add": ["till", "--scope", "offers:write"],
        "token remove": ["till"],
    }


def test_every_object_is_as_documented(full_shop, run_in, tmp_path: Path) -> None:
    arguments = lines(tmp_path)
    ticket = full_shop("ticket").out.strip()
    wrong = {}
    for name in [one for one in OBJECTS if one not in ELSEWHERE]:
        folder = tmp_path / ("new" if name == "init" else "shop")
        more = [ticket] if name == "join" else arguments.get(name, [])
        done = run_in(folder, *name.split(), *more, "--json")
        assert done.code == 0, (name, done.err)
        assert len(done.out.splitlines()) == 1
        found = differences(OBJECTS[name], done.object)
        if found:
            wrong[name] = found
    assert not wrong
