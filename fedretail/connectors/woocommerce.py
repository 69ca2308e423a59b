"""Product exports of WooCommerce, in the languages whose headings it translates.

Simple products and the variations of variable ones are offers. A variation takes what it does not
say from its parent, named by SKU or as "id:743", which stands above it as a rule but not always.
"""

import re
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator

from fedretail.connectors.cells import read_count, yes_no
from fedretail.connectors.columns import words
from fedretail.connectors.csv_reader import Entry, Texts, plain_names
from fedretail.connectors.markup import html_text
from fedretail.connectors.offers import Problem
from fedretail.connectors.rejects import unescape
from fedretail.domain.reasons import Reason
from fedretail.errors import MalformedInput

_ATTRIBUTES = tuple(f"attribute_{number}" for number in range(1, 7))
_WORDS = words({
    "woo_id": "id",
    "woo_type": "type|typ|tipo",
    "sku": "artikelnummer|ugs|codice articolo|cod",
    "gtin": "gtin upc ean or isbn|gtin upc ean oder isbn|gtin upc ean ou isbn|gtin upc ean o isbn"
    "|gtin upc ean of isbn|ean",
    "name": "nom|nombre|nome|naam",
    "published": "veroffentlicht|publie|publicado|pubblicato|gepubliceerd",
    "visibility": "visibility in catalog|visibility in catalogue|sichtbarkeit im katalog"
    "|visibilite dans le catalogue|visibilidad en el catalogo|visibilita nel catalogo"
    "|zichtbaarheid in catalogus",
    "short": "short description|kurzbeschreibung|description courte|descripcion corta"
    "|breve descrizione|korte beschrijving",
    "description": "beschreibung|descripcion|descrizione|beschrijving",
    "sale_from": "date sale price starts|datum an dem angebotspreis beginnt|date de debut de promo"
    "|dia en que empieza el precio rebajado|data di inizio del prezzo in offerta"
    "|startdatum actieprijs",
    "sale_until": "date sale price ends|datum an dem angebotspreis endet|date de fin de promo"
    "|dia en que termina el precio rebajado|data di fine del prezzo in offerta"
    "|einddatum actieprijs",
    "in_stock": "vorratig|auf lager|en stock|existencias|disponibile|op voorraad",
    "stock": "lager|bestand|lagerbestand|inventario|magazzino|voorraad",
    "reorder_point": "low stock amount|geringe lagermenge|montant de stock faible"
    "|cantidad de bajo inventario|quantita minima di magazzino|lage voorraad",
    "backorders": "backorders allowed|lieferruckstande erlaubt|ruckstande erlaubt"
    "|autoriser les commandes de produits en rupture|permitir reservas de productos agotados"
    "|abilita gli ordini arretrati|nabestellingen toestaan|nabestellingen toegestaan",
    "sale_price": "angebotspreis|tarif promo|precio rebajado|prezzo in offerta|actieprijs",
    "price": "regular price|regularer preis|tarif regulier|precio normal|prezzo di listino"
    "|reguliere prijs|normale prijs",
    "category": "categories|kategorien|categorias|categorie|categorieen",
    "parent": "ubergeordnetes produkt|ubergeordnet|superior|genitore|hoofd|bovenliggend",
    "brand": "brands|marken|marke|marques|marcas|marchi|merken",
    "picture_from": "images|bilder|imagenes|immagini|afbeeldingen",
    "cost": "cost of goods|warenkosten|meta wc cog cost",
    "measure": "produkteinheit|product units",
    "measure_unit": "einheit|unit",
    **{
        f"attribute_{n}": f"attribute {n} value|attribute {n} values|attribut {n} wert"
        f"|valeur de l attribut {n}|valor del atributo {n}|valore dell attributo {n}"
        f"|waarde van attribuut {n}|attribuut {n} waarde"
        for n in range(1, 7)
    },
})  # fmt: skip

# What is remembered of parents: the texts of a few thousand products, whatever the file's length.
_MAX_PARENT_CHARS = 8 << 20
_MAX_PARENT_DESCRIPTION = 4000
# Variations that stand above their parent wait for it; a file that never names one must not fill
# the memory.
_MAX_WAITING = 1000
_INHERITED = ("name", "description", "category", "brand", "stock", "picture_from")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")


class WooCommerceCsv:
    """One simple product or variation, one offer."""

    name = "woocommerce"
    headings = _WORDS
    needed = ("name", "price")

    def __init__(self) -> None:
        self.skipped: Counter[Reason | str] = Counter()
        self._parents: OrderedDict[str, Texts] = OrderedDict()
        self._parent_chars = 0
        self._waiting: deque[Entry] = deque()

    def start(self, roles: frozenset[str]) -> frozenset[str]:
        """The roles of its offers, given those of the columns."""
        made = {"description"} if "short" in roles else set()
        return roles | made | ({"net"} if "measure" in roles else set())

    def offers(self, entry: Entry) -> Iterable[Entry | Problem]:
        """The offer of this row, if it is one that can be bought here."""
        texts = entry.texts
        _clean(texts)
        types = {word.strip() for word in texts.get("woo_type", "simple").lower().split(",")}
        why = _off_sale(texts, types)
        if "variable" in types:
            self._remember(texts, why)
            self.skipped[Reason(why or "left_variable")] += 1
            return ()
        if why:
            self.skipped[Reason(why)] += 1
            return ()
        if "variation" not in types or not texts.get("parent"):
            _finish(texts)
            return (entry,)
        return self._variation(entry)

    def _variation(self, entry: Entry) -> Iterable[Entry]:
        parent = self._parents.get(entry.texts["parent"].lower())
        if parent is not None:
            return self._inherit(entry, parent)
        self._waiting.append(entry)
        if len(self._waiting) > _MAX_WAITING:
            return self._inherit(self._waiting.popleft(), {})
        return ()

    def _inherit(self, entry: Entry, parent: Texts) -> Iterable[Entry]:
        why = parent.get("why")
        if why:
            self.skipped[Reason(why)] += 1
            return ()
        texts = entry.texts
        if texts.get("stock", "").lower() == "parent":
            del texts["stock"]
        values = ", ".join(texts[role] for role in _ATTRIBUTES if role in texts)
        if texts.get("name", parent.get("name")) == parent.get("name") and values:
            texts["name"] = f"{parent.get('name', '')} - {values}".removeprefix(" - ")
        for role in _INHERITED:
            if role in parent:
                texts.setdefault(role, parent[role])
        _finish(texts)
        return (entry,)

    def _remember(self, texts: Texts, why: str) -> None:
        parent = {role: texts[role] for role in _INHERITED if role in texts} | {"why": why}
        parent["description"] = parent.get("description", "")[:_MAX_PARENT_DESCRIPTION]
        for name in (texts.get("sku", ""), f"id:{texts.get('woo_id', '')}"):
            self._parents[name.lower()] = parent
            self._parent_chars += sum(map(len, parent.values())) + 500
        while self._parent_chars > _MAX_PARENT_CHARS:
            _, old = self._parents.popitem(last=False)
            self._parent_chars -= sum(map(len, old.values())) + 500

    def rest(self) -> Iterator[Entry]:
        """The variations that waited, with or without the parent that may have come since."""
        while self._waiting:
            entry = self._waiting.popleft()
            yield from self._inherit(entry, self._parents.get(entry.texts["parent"].lower(), {}))

    def names(self, texts: Texts) -> dict[str, str]:
        """SKU, "woo:743", barcode, name."""
        number = texts.get("woo_id", "")
        return plain_names(texts, f"woo:{number}" if number else "")


def _clean(texts: Texts) -> None:
    """The texts without what the exporter adds: apostrophes before formulas, \\n for lines."""
    for role, text in texts.items():
        if text[0] == "'":
            texts[role] = unescape(text)
    short = texts.pop("short", "")
    description = texts.get("description") or short
    if description:
        texts["description"] = html_text(description.replace("\\n", "\n"))
    if "category" in texts:
        first = _UNESCAPED_COMMA.split(texts["category"])[0]
        texts["category"] = first.replace("\\,", ",").strip()


def _off_sale(texts: Texts, types: set[str]) -> str:
    """Why a row is not for sale in this shop, as the name of a reason; "" when it is."""
    if "grouped" in types:
        return "left_grouped"
    if "external" in types:
        return "left_external"
    published = texts.get("published", "1")
    if published != "1" and yes_no(published) is not True:
        return "left_unpublished"
    if texts.get("visibility", "").lower() == "hidden" and "variation" not in types:
        return "left_hidden"
    return ""


def _finish(texts: Texts) -> None:
    """Stock on order and net content, as an offer has them."""
    if "measure" in texts:
        texts["net"] = f"{texts['measure']} {texts.get('measure_unit', '')}"
    says = texts.get("in_stock", "").lower()
    backorders = yes_no(texts.get("backorders", "")) is True or "backorder" in says
    if backorders and ("backorder" in says or _is_out(texts, says)):
        texts["made_to_order"] = "1"


def _is_out(texts: Texts, says: str) -> bool:
    try:
        count = read_count(texts["stock"]) if "stock" in texts else None
    except MalformedInput:
        return False
    return yes_no(says) is False if count is None else count is not True and count <= 0
