"""fedretail/node/plugins.py: a small package that brings a connector, a kind and pages."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedretail.errors import UsageError
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.testing.faces import shown
from fedretail.testing.nodes import finds

CODE = '''
"""What a till of Acme writes, days on which something happens, and a page about them."""

from collections import Counter

from starlette.responses import JSONResponse
from starlette.routing import Route

from fedretail.connectors.csv_generic import GenericCsv
from fedretail.domain.kind import Field, Kind, fields_of


class AcmeCsv(GenericCsv):
    name = "acme-till"
    headings = {**GenericCsv.headings, "plu": "sku", "bez": "name", "vk": "price"}


DAY = Kind(
    "acme-day",
    "site",
    fields_of(Field("title", doc="text"), Field("guests", own=True, doc="how many are expected")),
    doc="a day on which something happens",
)


def routes(node):
    def days(request):
        told = [value.fields["title"] for _, value in node.records("acme-day")]
        return JSONResponse({"days": told})

    return [Route("/days", days)]
'''
METADATA = "Metadata-Version: 2.1\nName: acme-fedretail\nVersion: 1.0\n"
ENTRY_POINTS = """
[fedretail.connectors]
acme-till = acme_fedretail:AcmeCsv
[fedretail.kinds]
acme-days = acme_fedretail:DAY
acme-broken = acme_fedretail:NOTHING
acme-odd = acme_fedretail:routes
[fedretail.pages]
acme-map = acme_fedretail:routes
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed."""
    folder = tmp_path / "installed"
    info = folder / "acme_fedretail-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "acme_fedretail.py").write_text(CODE, encoding="utf-8")
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    yield
    sys.modules.pop("acme_fedretail", None)


def again(shop: Node, *names: str) -> Node:
    """The shop opened anew with these plug-ins."""
    shop.close()
    listed = ", ".join(f'"{name}"' for name in names)
    (shop.path / "config.toml").write_text(f"plugins = [{listed}]\n", encoding="utf-8")
    return Node.open(shop.path)


@pytest.fixture
def shop(shops: Any) -> Node:
    node: Node = shops("Brook")
    return node


def test_a_connector(shop: Node, acme: None, tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text("PLU;Bez;VK\n17;Rye bread;3,80\n", encoding="utf-8")
    with again(shop, "acme-till") as node:
        report = node.import_file(path, ImportOptions(node.site(), format="acme-till"))
        assert (report.new, report.reading.format) == (1, "acme-till")
        assert finds(node, "rye bread") == [("Rye bread", 380)]


def test_a_kind_is_written_exported_and_shown_on_a_page(shop: Node, acme: None) -> None:
    import io

    with again(shop, "acme-days", "acme-map") as node:
        assert node.write("acme-day", "1", {"title": "Cider day", "guests": 40})
        out = io.StringIO()
        node.export(out, mine=False)
        assert "Cider day" in out.getvalue()
        assert "guests" not in out.getvalue()
        with shown(node) as face:
            assert face.ask("/x/acme-map/days").json == {"days": ["Cider day"]}
            changes = face.ask("/api/v1/changes?kind=acme-day").json["changes"]
            assert changes[0]["record"]["fields"] == {"title": "Cider day"}
            # What every page passes holds for these, too.
            assert face.ask("/x/acme-map/days", host="evil.example").status == 421


def test_what_is_not_named_is_not_loaded(shop: Node, acme: None) -> None:
    with again(shop) as node, shown(node) as face:
        assert "acme-day" not in node.kinds
        assert face.ask("/x/acme-map/days").status == 404
        with pytest.raises(UsageError, match="no kind of record"):
            node.write("acme-day", "1", {"title": "Cider day"})
    assert "acme_fedretail" not in sys.modules


@pytest.mark.parametrize("name", ["nobody", "acme-broken", "acme-odd"])
def test_what_cannot_be_used_is_said(shop: Node, acme: None, name: str) -> None:
    with pytest.raises(UsageError) as wrong:
        again(shop, name)
    assert name in wrong.value.message
    assert wrong.value.hint
