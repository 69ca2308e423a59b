"""Price lists as they are opened: with the columns and formats that a shop has used before."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fedretail.connectors import Reader, open_source
from fedretail.connectors.csv_reader import Format
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import Value
from fedretail.node.base import BaseNode
from fedretail.node.import_report import ImportOptions


def open_reader(node: BaseNode, path: Path, options: ImportOptions) -> Reader:
    """The file, to be read as its source was read before; see `connectors.open_source`."""
    site, config = options.site.site, node.config
    collection = collection_of(options.site.id)
    return open_source(
        path,
        options.format,
        currency=site.currency or node.currency,
        time_zone=site.time_zone,
        few_below=config.few_below,
        show_left=config.show_left,
        # The last file of the same source at this site: its columns stay.
        source_profile=lambda name: _profile(node, options, collection, name),
        site_id=options.site.id,
        further=_plugged(node),
    )


def _plugged(node: BaseNode) -> Mapping[str, Callable[[], Format]]:
    """Formats of the plug-ins that the settings name."""
    if not node.config.plugins:
        return {}
    from fedretail.node import plugins

    return plugins.connectors(node.config.plugins)


def _profile(
    node: BaseNode, options: ImportOptions, collection: str, name: str
) -> dict[str, Value]:
    """How the source was read last; what was said of its columns this time goes first."""
    kept = (
        node.store.profile(node.identity.author().owner, collection, options.source or name) or {}
    )
    held = kept.get("columns")
    columns: dict[str, Value] = dict(held) if isinstance(held, dict) else {}
    return {**kept, "columns": {**columns, **options.columns}}
