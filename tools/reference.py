"""The parts of docs/reference/ that are produced from code, as Markdown.

A page holds a line `<!-- produced: NAME -->`; the docs build puts the text in its place.
"""

import inspect
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from typing import Any

import click
from declarations import described

import fedretail
from fedretail import client, errors, testing
from fedretail.cli import root
from fedretail.config import Config, to_toml, variable_of
from fedretail.domain.kinds import KINDS

_MARKER = "<!-- produced: {} -->"


def filled(text: str) -> str:
    """A page with its produced parts filled in."""
    for name, produce in PRODUCERS.items():
        marker = _MARKER.format(name)
        if marker in text:
            text = text.replace(marker, produce())
    return text


def all_commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command and subcommand with the name that a user types, in order."""
    yield from _walk(root, click.Context(root, info_name="fedretail"))


def _walk(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            yield from _walk(inner, click.Context(inner, info_name=name, parent=context))


def commands() -> str:
    """A section for every command: exactly what its --help says."""
    parts = []
    for path, command, context in all_commands():
        level = "#" * min(path.count(" ") + 2, 4)
        with context:
            parts.append(f"{level} {path}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def settings() -> str:
    """A table of all settings, and a config.toml with all defaults."""
    rows = ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    for setting in fields(Config):
        default = to_toml(Config()).partition(f"# {setting.name} = ")[2].partition("\n")[0]
        variable = f"`{variable_of(setting.name)}`" if variable_of(setting.name) else "-"
        doc = setting.metadata["doc"]
        rows.append(f"| `{setting.name}` | {variable} | `{default}` | {doc} |")
    return "\n".join(rows) + f"\n\n```toml\n{to_toml(Config())}```\n"


def kinds() -> str:
    """A section for every kind of record, with a table of its fields."""
    parts = []
    for kind in KINDS:
        place = "at one of the owner's sites" if kind.collection == "site" else "with the owner"
        rows = ["| field | meaning | |", "|---|---|---|"]
        for one in kind.fields.values():
            meaning = one.doc.replace("|", "\\|")
            rows.append(f"| `{one.name}` | {meaning} | {'own' if one.own else ''} |")
        said = kind.doc[0].upper() + kind.doc[1:]
        parts.append(f"## {kind.name}\n\n{said}; kept {place}.\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def error_classes() -> list[type[errors.FedretailError]]:
    """Every error class, in the order of its definition."""
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.FedretailError)
    ]


def error_table() -> str:
    """A table of all error classes with their exit codes."""
    rows = ["| class | exit code | meaning |", "|---|---|---|"]
    rows += [
        f"| `{kind.__name__}` | {kind.exit_code} | {_first_sentence(kind)} |"
        for kind in error_classes()
    ]
    return "\n".join(rows) + "\n"


def public_names() -> str:
    """A section for every public name of fedretail and fedretail.client but the error classes."""
    names = {f"fedretail.{name}": getattr(fedretail, name) for name in fedretail.__all__}
    for name in sorted(set(client.__all__) - set(fedretail.__all__)):
        names[f"fedretail.client.{name}"] = getattr(client, name)
    listed = {*error_classes(), fedretail.__version__}
    return "\n".join(described(path, one) for path, one in names.items() if one not in listed)


def test_helpers() -> str:
    """A table of what fedretail.testing holds."""
    found = pkgutil.iter_modules(testing.__path__, f"{testing.__name__}.")
    modules = [import_module(one.name) for one in found]
    rows = ["| module | what it is for |", "|---|---|"]
    rows += [f"| `{one.__name__}` | {_first_sentence(one)} |" for one in modules]
    return "\n".join(rows) + "\n"


def api() -> str:
    """A section for every address and method of the API."""
    from fedretail.web.api.app import PATH, description

    said = description()
    parts = []
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            parts.append(f"## {method.upper()} {PATH}{path}\n\n{operation['description']}\n")
            parts.append(_parameters(operation.get("parameters", [])))
            ((_, content),) = operation["responses"]["200"]["content"].items()
            parts.append(_shown(content["example"]))
    return "\n".join(parts)


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = ["| parameter | in | meaning |", "|---|---|---|"]
    for one in parameters:
        meaning = one.get("description", one["schema"].get("description", ""))
        rows.append(f"| `{one['name']}` | {one['in']} | {meaning} |")
    return "\n".join(rows) + "\n"


def _shown(example: object) -> str:
    is_text = isinstance(example, str)
    text = example if is_text else json.dumps(example, indent=2, ensure_ascii=False)
    return f"```{'text' if is_text else 'json'}\n{str(text).rstrip()}\n```\n"


def _first_sentence(value: object) -> str:
    return (inspect.getdoc(value) or "").partition("\n")[0]


PRODUCERS = {
    "commands": commands,
    "settings": settings,
    "kinds": kinds,
    "errors": error_table,
    "public names": public_names,
    "test helpers": test_helpers,
    "api": api,
}
