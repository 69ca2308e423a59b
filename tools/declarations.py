"""Public names of Python as Markdown: how their source declares them, and what they promise."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from functools import cached_property

# What fits into the page without a scroll bar.
_WIDTH = 80


def described(path: str, value: object) -> str:
    """A section for a class, with all that it has, or for a function."""
    name = path.rpartition(".")[2]
    if not isinstance(value, type):
        return f"## {path}\n\n{_code(_signature(name, value))}\n{_promise(value)}\n"
    parts = [f"## {path}\n\n{_made(name, value)}", *map(_promise, _promising(value))]
    for inner, member in _members(value):
        code = _code(_signature(inner, member))
        parts.append(f"### {name}.{inner}\n\n{code}\n{_promise(member)}")
    return "\n".join(parts) + "\n"


def _promise(value: object) -> str:
    return f"{inspect.getdoc(value) or ''}\n"


def _code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def _own(value: type) -> list[type]:
    """The class and those that it stands on, as far as they are ours; what it stands on first."""
    return [one for one in reversed(value.__mro__) if one.__module__.startswith("fedretail.")]


def _promising(value: type) -> list[type]:
    """The classes whose docstrings tell of it: of a record also those whose fields it has."""
    return [
        value,
        *(one for one in _own(value) if one is not value and dataclasses.is_dataclass(one)),
    ]


def _made(name: str, value: type) -> str:
    """How one is made: of a record all fields, else what its own `__init__` takes."""
    if dataclasses.is_dataclass(value):
        fields = [line for one in _own(value) for line in _fields(one)]
        is_kw_only = dataclasses.fields(value)[0].kw_only
        return _code(_called(name, ["*", *fields] if is_kw_only else fields))
    if "__init__" in vars(value):
        return _code(_signature(name, vars(value)["__init__"]).removesuffix(" -> None"))
    return ""


def _called(name: str, taken: list[str]) -> str:
    """A call on one line, or with a line for each thing that it takes."""
    line = f"{name}({', '.join(taken)})"
    return (
        line if len(line) <= _WIDTH else "\n".join([f"{name}(", *(f"    {t}," for t in taken), ")"])
    )


def _fields(value: type) -> Iterator[str]:
    node = _source(value)
    assert isinstance(node, ast.ClassDef)
    for line in node.body:
        if isinstance(line, ast.AnnAssign):
            yield _typed(ast.unparse(line.target), line.annotation, line.value)


def _members(value: type) -> list[tuple[str, object]]:
    """Methods and properties, inherited ones too, by name."""
    found = {name: member for one in _own(value) for name, member in vars(one).items()}
    shown = {name: _function(member) for name, member in found.items() if name[0] != "_"}
    return sorted((name, one) for name, one in shown.items() if one is not None)


def _function(member: object) -> object:
    """The function behind a member of a class, None where there is none."""
    if isinstance(member, property):
        member = member.fget
    elif isinstance(member, cached_property):
        member = member.func
    function = getattr(member, "__func__", member)
    return function if inspect.isfunction(function) else None


def _signature(name: str, function: object) -> str:
    node = _source(function)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    answer = "" if node.returns is None else f" -> {_plain(node.returns)}"
    decorators = {ast.unparse(one) for one in node.decorator_list}
    if decorators & {"property", "cached_property"}:
        return f"{name}{answer}"
    return _called(name, list(_taken(node.args))) + answer


def _taken(args: ast.arguments) -> Iterator[str]:
    """What a function takes, one after the other; not whom it belongs to."""
    first = len(args.args) - len(args.defaults)
    for place, one in enumerate(args.args):
        if place or one.arg not in ("self", "cls"):
            default = args.defaults[place - first] if place >= first else None
            yield _typed(one.arg, one.annotation, default)
    if args.kwonlyargs:
        yield "*"
    for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _typed(one.arg, one.annotation, default)
    if args.kwarg is not None:
        yield _typed(f"**{args.kwarg.arg}", args.kwarg.annotation, None)


def _typed(name: str, annotation: ast.expr | None, default: ast.expr | None) -> str:
    typed = name if annotation is None else f"{name}: {_plain(annotation)}"
    return typed if default is None else f"{typed} = {ast.unparse(default)}"


def _plain(annotation: ast.expr) -> str:
    """A type as it is written; what stands in quotes for the sake of imports, without them."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)


def _source(value: object) -> ast.stmt:
    """The definition of a class or function as it stands in its file."""
    text = inspect.getsource(inspect.unwrap(value))  # type: ignore[arg-type]
    return ast.parse(textwrap.dedent(text)).body[0]
