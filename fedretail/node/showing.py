"""Whether this shop's pages show neighbours, or own offers alone; kept in `config.toml`."""

from dataclasses import replace
from pathlib import Path

from fedretail.config import FILE_NAME, Config, parse_config, to_toml
from fedretail.errors import Refused, Unavailable
from fedretail.files import whole_file
from fedretail.node.base import BaseNode

# The view that is made for it.
OWN_VIEW = "own"


def shows_own_only(node: BaseNode) -> bool:
    """Whether pages show own offers alone."""
    config = node.config
    return config.views.get(config.web_view, {}).get("own") == "only"


def show_own_only(node: BaseNode, *, wanted: bool, folder: Path | None = None) -> None:
    """Let pages show own offers alone, or neighbours too; other settings stay as they are.

    `folder`: whose settings these are, where it is not the node's own yet. Unavailable where they
    cannot be written; Refused where the pages show a view of the shop's own making.
    """
    present = _read((folder or node.path) / FILE_NAME)
    changed = _changed(present, wanted=wanted)
    if changed == present:
        return
    target = node.path / FILE_NAME
    try:
        with whole_file(target, is_private=True) as file:
            file.write(to_toml(changed))
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}.") from None
    node.__dict__.pop("config", None)


def _read(path: Path) -> Config:
    try:
        return parse_config(path.read_text(encoding="utf-8-sig"), name=str(path))
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.") from None


def _changed(present: Config, *, wanted: bool) -> Config:
    view = present.views.get(present.web_view)
    if wanted:
        if view is not None and view.get("own") == "only":
            return present
        if present.web_view:
            _refuse(present.web_view)
        return replace(present, web_view=OWN_VIEW, views={**present.views, OWN_VIEW: _ONLY})
    if present.web_view == OWN_VIEW and view == _ONLY:
        is_used = present.api_view == OWN_VIEW
        rest = {n: table for n, table in present.views.items() if is_used or n != OWN_VIEW}
        return replace(present, web_view="", views=rest)
    if view is not None and view.get("own") == "only":
        _refuse(present.web_view)
    return present


_ONLY = {"own": "only"}


def _refuse(name: str) -> None:
    raise Refused(
        f"Pages show the view {name!r}, which is described in {FILE_NAME}.",
        hint="Change it there.",
    )
