"""Product exports of Shopify, of the old headings ("Variant Price") and the new ("Price").

A product is a row with its title and further rows with the same handle: one for each variant,
some only for pictures. Each variant is an offer. The export carries no currency and, in real
shops, seldom a SKU or barcode: handle and option values are the stable name.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable

from fedretail.connectors.cells import read_count, yes_no
from fedretail.connectors.columns import words
from fedretail.connectors.csv_reader import Entry, Texts, plain_names
from fedretail.connectors.markup import html_text
from fedretail.connectors.offers import Problem
from fedretail.domain.reasons import Reason
from fedretail.errors import MalformedInput

_OPTIONS = ("option1_value", "option2_value", "option3_value")
_HEADINGS = words({
    "handle": "url handle",
    "name": "title",
    "description": "body|body html",
    "brand": "vendor",
    "category": "type|product type|custom product type",
    "standard_category": "product category|standard product type|standardized product type",
    "published": "published on online store",
    "status": "",
    **dict.fromkeys(_OPTIONS, ""),
    "sku": "variant sku",
    "gtin": "variant barcode|barcode",
    "tracker": "variant inventory tracker|inventory tracker",
    "stock": "variant inventory qty|variant inventory quantity|inventory quantity",
    "policy": "variant inventory policy|continue selling when out of stock",
    "price": "variant price",
    "regular": "variant compare at price|compare at price",
    "cost": "cost per item|variant cost",
    "picture_from": "image src|product image url",
    "variant_picture": "variant image|variant image url",
    "measure": "unit price total measure|variant unit price total measure",
    "measure_unit": "unit price total measure unit|variant unit price total measure unit",
})  # fmt: skip
# Weight ("Variant Grams") is for shipping, with the box; it is no net content and is not read.
_HEADINGS.pop("")

# Further rows of a product stand right behind it; some tools sort an export by another column.
_MAX_PRODUCTS = 1000
_INHERITED = ("name", "description", "brand", "category", "published", "status", "picture_from")


class ShopifyCsv:
    """One variant, one offer."""

    name = "shopify"
    headings = _HEADINGS
    needed = ("handle", "name", "price")

    def __init__(self) -> None:
        self.skipped: Counter[Reason | str] = Counter()
        self._roles: frozenset[str] = frozenset()
        self._products: OrderedDict[str, Texts] = OrderedDict()

    def start(self, roles: frozenset[str]) -> frozenset[str]:
        """The roles of its offers, given those of the columns."""
        self._roles = roles
        category = {"category"} if "standard_category" in roles else set()
        net = {"net"} if "measure" in roles else set()
        picture = {"picture_from"} if "variant_picture" in roles else set()
        return roles | category | net | picture

    def offers(self, entry: Entry) -> Iterable[Entry | Problem]:
        """The variant of this row; nothing for pictures and for what is not on sale."""
        texts = entry.texts
        handle = texts.get("handle", "")
        pictures_only = not any(role in texts for role in ("price", "sku", *_OPTIONS))
        if "name" in texts:
            product = {role: texts[role] for role in _INHERITED if role in texts}
            product.setdefault("category", texts.get("standard_category", ""))
            product["description"] = html_text(product.get("description", ""))
            self._remember(handle, product)
        elif pictures_only:
            self.skipped[Reason("left_pictures")] += 1
            return ()
        elif handle not in self._products:
            return (Problem("handle", handle, Reason("no_product")),)
        product = self._products[handle]
        why = _off_sale(product)
        if why is not None:
            self.skipped[why] += 1
            return ()
        self._complete(texts, product)
        return (entry,)

    def _remember(self, handle: str, product: Texts) -> None:
        self._products[handle] = product
        self._products.move_to_end(handle)
        if len(self._products) > _MAX_PRODUCTS:
            self._products.popitem(last=False)

    def _complete(self, texts: Texts, product: Texts) -> None:
        texts.update({role: text for role, text in product.items() if text})
        if "variant_picture" in texts:
            texts["picture_from"] = texts["variant_picture"]
        options = _options(texts)
        if options:
            texts["name"] = f"{product['name']} - {', '.join(options)}"
        if "measure" in texts:
            texts["net"] = f"{texts['measure']} {texts.get('measure_unit', '')}"
        if "tracker" in self._roles and "tracker" not in texts:
            texts.pop("stock", None)
        policy = texts.get("policy", "")
        if policy.lower() == "continue" or yes_no(policy):
            texts["made_to_order"] = "1" if _sold_out(texts.get("stock", "")) else ""

    def rest(self) -> Iterable[Entry]:
        """Nothing: no row waits for a later one."""
        return ()

    def names(self, texts: Texts) -> dict[str, str]:
        """SKU, "handle:Small/Red", barcode, name."""
        handle, options = texts.get("handle", ""), "/".join(_options(texts))
        return plain_names(texts, f"{handle}:{options}" if handle and options else handle)


def _options(texts: Texts) -> list[str]:
    values = [texts[role] for role in _OPTIONS if role in texts]
    return [] if [value.lower() for value in values] == ["default title"] else values


def _off_sale(product: Texts) -> Reason | None:
    """Why a product is not on sale; None when it is."""
    if yes_no(product.get("published", "")) is False:
        return Reason("left_unpublished")
    status = product.get("status", "active").lower()
    return None if status == "active" else Reason("left_status", {"status": status[:20]})


def _sold_out(stock: str) -> bool:
    try:
        count = read_count(stock) if stock else None
    except MalformedInput:
        return False
    return count is not None and count is not True and count <= 0
