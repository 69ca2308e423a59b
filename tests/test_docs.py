"""The documentation is held by the code: what exists has its place in docs/."""

import importlib
import re
import shlex
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import click
import pytest

import fedretail
from fedretail import client
from fedretail.config import Config
from fedretail.domain.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """tools/reference.py, which writes the produced parts of docs/reference/."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module("reference")
    finally:
        sys.path.pop(0)


def pages_by_hand() -> str:
    """The text of all pages that somebody wrote for people who want to do something."""
    folders = ("tutorial", "how-to", "explanation")
    files = [ROOT / "README.md", *(p for f in folders for p in sorted((DOCS / f).glob("*.md")))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_command_is_shown_in_use(reference: ModuleType) -> None:
    text = pages_by_hand()
    shown = [
        path
        for path, command, _ in reference.all_commands()
        if not isinstance(command, click.Group) and not re.search(rf"{path}\b", text)
    ]
    assert not shown, f"no page in tutorial/, how-to/ or explanation/ shows {', '.join(shown)}"


def test_every_command_has_examples_that_parse(reference: ModuleType) -> None:
    wrong = []
    for path, command, context in reference.all_commands():
        if isinstance(command, click.Group):
            continue
        lines = _example_lines(command)
        if not lines:
            wrong.append(f"{path} has no examples")
        wrong += [f"{line}: {said}" for line in lines if (said := _said(line, context))]
    assert not wrong, "\n".join(wrong)


def _example_lines(command: click.Command) -> list[str]:
    lines = (command.epilog or "").replace("\b", "").splitlines()
    return [line.strip() for line in lines if line.strip().startswith(("fedretail", "eval"))]


def _said(line: str, context: click.Context) -> str:
    """What click says to the options of an example; nothing where they are right."""
    words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", line).split(" > ")[0].split(" | ")[0])
    depth = context.command_path.count(" ") + 1
    before = words[: len(words)]
    if " ".join(before[:depth]) != context.command_path:
        return f"stands in the help of {context.command_path}"
    try:
        context.command.make_parser(context).parse_args(words[depth:])
    except click.UsageError as error:
        return error.format_message()
    return ""


def test_every_command_says_the_same_in_the_list_and_in_its_help(reference: ModuleType) -> None:
    for path, command, _ in reference.all_commands():
        assert command.help, f"{path} has no help"
        assert command.help[0].isupper(), f"{path}: begins with a small letter"


def test_the_produced_pages_name_everything(reference: ModuleType) -> None:
    commands, settings = reference.commands(), reference.settings()
    for path, _, _ in reference.all_commands():
        assert f"# {path}\n" in commands
    for setting in fields(Config):
        assert f"`{setting.name}`" in settings
    for record in KINDS:
        assert f"## {record.name}\n" in reference.kinds()
        assert all(field.doc for field in record.fields.values()), record.name
    for kind in reference.error_classes():
        assert f"`{kind.__name__}`" in reference.error_table()
        assert kind.__doc__


def test_every_error_class_is_a_public_name(reference: ModuleType) -> None:
    assert {kind.__name__ for kind in reference.error_classes()} <= set(fedretail.__all__)


def test_every_public_name_is_described_with_all_that_it_has(reference: ModuleType) -> None:
    text = reference.public_names()
    told = set(re.findall(r"^##+ (?:fedretail\.)?([\w.]+)$", text, re.MULTILINE))
    errors = {kind.__name__ for kind in reference.error_classes()}
    assert {name for name in fedretail.__all__ if name[0] != "_"} - errors <= told
    assert {name for name in client.__all__ if name not in fedretail.__all__} <= {
        name.removeprefix("client.") for name in told
    }
    # What is inherited is as public as the rest, and so are properties.
    assert {"Node.open", "Node.search", "Node.write", "Node.position", "Client.search"} <= told
    assert "open(path: Path | str, *, clock: Clock | None = None" in text
    assert "\n    near: Position | None = None,\n" in text
    sections = re.split(r"^##+ .*$", text, flags=re.MULTILINE)[1:]
    assert all(re.sub(r"```.*?```", "", one, flags=re.DOTALL).strip() for one in sections)


def test_pages_for_programmers_use_public_names_alone() -> None:
    public = {"fedretail", "fedretail.client"}
    for page in ("README.md", "docs/how-to/embed.md", "docs/how-to/build-a-service.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = re.findall(r"^(?:from|import) (fedretail[\w.]*)", text, re.MULTILINE)
        assert named, page
        assert set(named) <= public, page


def test_every_marker_is_filled(reference: ModuleType) -> None:
    for page in (DOCS / "reference").glob("*.md"):
        assert "<!-- produced" not in reference.filled(page.read_text(encoding="utf-8")), page


def test_every_producer_has_its_page(reference: ModuleType) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in (DOCS / "reference").glob("*.md"))
    for name in reference.PRODUCERS:
        assert f"<!-- produced: {name} -->" in text


def test_the_pages_on_layers_say_what_the_contract_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "layers"]
    text = (DOCS / "explanation" / "one-door.md").read_text(encoding="utf-8")
    assert " > ".join(contract["layers"]) in " ".join(text.split())
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = {part for layer in contract["layers"] for part in layer.split(" | ")} - {"__main__"}
    assert not [part for part in parts if not re.search(rf"`{part}(?:/|\.py)`", table)]


def test_decisions_are_numbered_and_complete() -> None:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    for number, page in enumerate(pages, start=1):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {number:04} "), page
        assert page.name.startswith(f"{number:04}-"), page
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], page


def test_every_threat_is_answered_by_a_test_that_exists() -> None:
    named = set(
        re.findall(r"`(test_\w+)`", (DOCS / "explanation" / "threats.md").read_text("utf-8"))
    )
    files = [
        *(ROOT / "tests").rglob("test_*.py"),
        ROOT / "fedretail/testing/transport_acceptance.py",
    ]
    text = "\n".join(path.read_text("utf-8") for path in files)
    there = set(re.findall(r"def (test_\w+)", text))
    assert len(named) > 30
    assert named <= there


def test_a_page_that_is_filled_in_says_so_to_who_reads_its_source() -> None:
    for page in sorted((DOCS / "reference").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if "<!-- produced" in text:
            assert "make docs" in text.partition("<!-- produced")[0], page
