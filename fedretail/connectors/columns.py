"""Which column says what: headings in six languages, and the roles they may have.

A role is what a connector can do with a cell; most are named as the field of an offer they fill.
A heading is recognised as a whole or not at all: a column that merely resembles a known one is
shown to the shopkeeper and not published. Own columns (cost, supplier ...) have roles of the
same names as the own fields, and fill only those.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from fedretail.domain.money import MINOR_DIGITS, SIGNS
from fedretail.domain.reasons import NotRead, Reason
from fedretail.errors import MalformedInput

# English | German | French | Spanish | Italian | Dutch, and the field's own name. Compared as
# `plain_heading` writes them: lower case, without accents, brackets and signs.
_GENERIC = {
    "name": "product|title|product name|item|item name|article|article name|product title"
    "|bezeichnung|artikelbezeichnung|artikel|artikelname|produkt|produktname|titel|ware"
    "|nom|nom du produit|produit|designation|libelle|intitule"
    "|nombre|nombre del producto|producto|articulo|denominacion"
    "|nome|nome prodotto|prodotto|articolo|denominazione|naam|productnaam|artikelnaam|omschrijving",
    "price": "sales price|selling price|retail price|unit price|price incl tax|gross price|rrp"
    "|preis|verkaufspreis|vk|vk preis|endpreis|bruttopreis|preis brutto|vk brutto|ladenpreis"
    "|einzelpreis|prix|prix de vente|prix ttc|prix unitaire|tarif"
    "|precio|precio de venta|pvp|prezzo|prezzo di vendita|prijs|verkoopprijs",
    "currency": "price currency|currency code|wahrung|waehrung|devise|monnaie|moneda|divisa|valuta",
    "sku": "item number|article number|article no|item no|product code|item code|code|part number"
    "|artikelnummer|artikelnr|artikel nr|art nr|artnr|bestellnummer|bestellnr|produktnummer"
    "|reference|ref|code article|code produit|ugs|referencia|codigo|codigo de articulo"
    "|codice|codice articolo|riferimento|artikelcode|productcode",
    "gtin": "barcode|bar code|ean|ean13|ean code|upc|gtin ean|gtin upc ean or isbn|isbn|ean gtin"
    "|strichcode|ean nummer|gtin upc ean oder isbn|code barres|code a barres|codebarres"
    "|gtin upc ean ou isbn|codigo de barras|gtin upc ean o isbn|codice a barre|streepjescode",
    "stock": "quantity|qty|stock quantity|inventory|inventory quantity|on hand|available quantity"
    "|bestand|lagerbestand|menge|lager|anzahl|lagermenge|stuckzahl|quantite|quantite en stock"
    "|en stock|existencias|inventario|cantidad|giacenza|quantita|scorte|voorraad|aantal",
    "in_stock": "available|availability|in stock|lieferbar|verfugbar|vorratig|verfugbarkeit"
    "|auf lager|disponible|disponibilite|disponibilidad|disponibile|disponibilita|op voorraad"
    "|beschikbaar",
    "made_to_order": "made to order|auf bestellung|nach bestellung|bestellware|sur commande"
    "|por encargo|su ordinazione|op bestelling",
    "net": "net content|content|contents|size|net quantity|inhalt|fullmenge|nettofullmenge|gebinde"
    "|grosse|verpackung|contenu|contenance|contenido|contenuto|inhoud",
    "unit": "unit of measure|uom|sales unit|einheit|mengeneinheit|me|unite|unidad|unita|eenheid",
    "pack": "pack size|units per pack|packung|packungsgrosse|stuck je packung"
    "|verpackungseinheit|ve",
    "category": "categories|product category|product type|department|group|product group|kategorie"
    "|kategorien|warengruppe|produktgruppe|rubrik|sortiment|categorie|rayon|famille"
    "|categoria|categorias|reparto|categorieen|productgroep",
    "brand": "manufacturer|make|producer|marke|marken|hersteller|produzent|marque|fabricant|marca"
    "|fabricante|produttore|merk|fabrikant",
    "regular": "regular price|compare at price|list price|was|old price|original price|normalpreis"
    "|listenpreis|alter preis|streichpreis|statt|regularer preis|uvp|prix barre|ancien prix"
    "|tarif regulier|precio normal|precio anterior|prezzo di listino|prezzo pieno"
    "|reguliere prijs|normale prijs",
    "sale_price": "special price|offer price|promotional price|discount price|angebotspreis"
    "|aktionspreis|sonderpreis|prix promo|tarif promo|prix promotionnel|precio rebajado"
    "|precio de oferta|prezzo in offerta|prezzo scontato|actieprijs|aanbiedingsprijs",
    "sale_from": "sale start|sale starts|offer from|offer start|special price from|angebot ab"
    "|angebot von|aktion ab|aktion von|debut promo|date de debut de promo|inicio oferta"
    "|inizio offerta|actie van",
    "sale_until": "sale end|sale ends|offer until|offer end|special price to|angebot bis|aktion bis"
    "|fin promo|date de fin de promo|fin oferta|fine offerta|actie tot",
    "deposit": "bottle deposit|refund|pfand|einwegpfand|mehrwegpfand|consigne|deposito|cauzione"
    "|statiegeld",
    "tax_rate": "vat|vat rate|tax|mwst|mwst satz|ust|steuersatz|tva|taux tva|taux de tva|iva|btw",
    "tax_included": "price includes tax|tax incl|inkl mwst|ttc",
    "description": "details|long description|text|beschreibung|artikelbeschreibung"
    "|produktbeschreibung|langtext|description longue|descripcion|descrizione|beschrijving",
    "variant": "option|variation|size color|variante|ausfuhrung|sorte|declinaison|uitvoering",
    "type": "kind|art|typ",
    "sold_by": "sale unit|verkauft nach|abgabe",
    "min_age": "minimum age|age restriction|mindestalter|altersfreigabe|age minimum",
    "allergens": "allergen|allergene|allergenes|alergenos|allergeni|allergenen",
    "claims": "labels|label|certification|certifications|siegel|bio siegel|zertifikate",
    "language": "lang|sprache|langue|idioma|lingua|taal",
    "source_id": "id|product id|artikel id|produkt id|internal id",
    "cost": "cost price|purchase price|cost per item|buying price|wholesale price|unit cost"
    "|einkaufspreis|ek|ek preis|ek netto|einstandspreis|selbstkosten|prix d achat|prix achat"
    "|cout|precio de compra|coste|costo|prezzo di acquisto|inkoopprijs|inkoop|kostprijs",
    "supplier": "vendor name|supplier name|lieferant|lieferanten|grosshandler|fournisseur|proveedor"
    "|fornitore|leverancier",
    "reorder_point": "reorder level|minimum stock|min stock|low stock amount|mindestbestand"
    "|meldebestand|stock minimum|seuil d alerte|stock minimo|scorta minima|minimumvoorraad",
    "picture_from": "picture|pictures|picture url|image|images|image url|image link|image src|photo"
    "|bild|bilder|bild url|bild link|bildadresse|foto|fotos|produktbild|image principale|url image"
    "|imagen|imagenes|url imagen|immagine|immagini|url immagine|afbeelding|afbeeldingen",
    "note": "notes|internal note|internal notes|comment|comments|remark|remarks|notiz|notizen"
    "|bemerkung|bemerkungen|interne notiz|kommentar|note interne|remarque|nota|notas|note interne"
    "|opmerking|opmerkingen|notitie",
}  # fmt: skip
# Headings of a reject file of ours; never read as data.
PROBLEM = "problem"
NEEDED = ("name", "price")

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_QUALIFIERS = re.compile(
    r" (?:in|inkl mwst|incl vat|incl tax|brutto|gross|ttc|eur|euro|usd|chf|gbp)$"
)
_CODE = re.compile(r"[A-Za-z]{3}|[€$£¥₹]")


def plain_heading(heading: str) -> str:
    """A heading for comparison: "VK-Preis (€)" -> "vk preis", "Größe" -> "grosse"."""
    folded = unicodedata.normalize("NFKD", _BRACKETS.sub(" ", heading[:200]).casefold())
    return " ".join(_NO_LETTER.sub(" ", _strip_marks(folded)).split())


def _strip_marks(text: str) -> str:
    return text if text.isascii() else "".join(c for c in text if not unicodedata.combining(c))


def words(table: Mapping[str, str]) -> dict[str, str]:
    """Heading -> role of a table as above; a role's own name is a heading too."""
    out = {role.replace("_", " "): role for role in table}
    for role, names in table.items():
        for name in names.split("|"):
            out.setdefault(name, role)
    return out


# Headings of article numbers that may as well stand above mere line numbers: such a column is a
# code where no other is one, and where it does more than count the rows.
_VAGUE = "nummer|nr|no|number|num|numero|nro|n"
_MAY_BE_CODE = "may be code"
# Headings that say "article": its name, or its number where another column is its name.
_THING = "item|article|product|artikel|produkt|ware|produit|producto|articulo|prodotto|articolo"
_THINGS = frozenset(_THING.split("|"))
GENERIC = words(_GENERIC) | dict.fromkeys(_VAGUE.split("|"), _MAY_BE_CODE)


def recognise(headings: Sequence[str], known: Mapping[str, str]) -> dict[str, str | None]:
    """Heading -> role, None where it is not known; of two for one role the first has it."""
    found: dict[str, str | None] = {}
    taken: set[str] = set()
    for heading in headings:
        role = _role(plain_heading(heading), known)
        found[heading] = None if role in taken else role
        if role:
            taken.add(role)
    for heading, role in found.items():
        if role == _MAY_BE_CODE:
            found[heading] = None if taken & {"sku", "source_id"} else "sku"
    return found


def settle_by_cells(
    columns: Mapping[str, str | None], cells: Mapping[str, Sequence[str]]
) -> dict[str, str | None]:
    """The columns, where what stands below a heading has decided what its words leave open.

    cells: heading -> the cells of the first rows, trimmed. An "Artikel" that holds numbers is the
    name only where no other column, such as "Bezeichnung", is one.
    """
    settled = dict(columns)
    for heading, role in columns.items():
        if role == "name" and plain_heading(heading) in _THINGS and holds_codes(cells[heading]):
            better = next((one for one in columns if _is_plain_name(one)), None)
            if better and settled[better] is None:
                has_code = {"sku", "source_id"} & set(settled.values())
                settled |= {heading: None if has_code else "sku", better: "name"}
    for heading, role in settled.items():
        if role == "sku" and _is_vague(heading) and counts_rows(cells[heading]):
            settled[heading] = None
    return settled


def _is_plain_name(heading: str) -> bool:
    plain = plain_heading(heading)
    return _role(plain, GENERIC) == "name" and plain not in _THINGS


def _is_vague(heading: str) -> bool:
    """Whether a column of article numbers is called so that it may only count the rows."""
    plain = plain_heading(heading)
    return plain in _THINGS or GENERIC.get(plain) == _MAY_BE_CODE


def holds_codes(cells: Sequence[str]) -> bool:
    """Whether these cells are numbers of articles: none without a digit, none with a space."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(" " not in cell and any(map(str.isdigit, cell)) for cell in filled)


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether these cells are 1, 2, 3 and so on: numbers of lines, not of articles."""
    return list(cells) == [str(number) for number in range(1, len(cells) + 1)]


def _role(plain: str, known: Mapping[str, str]) -> str | None:
    while plain not in known:
        shorter = _QUALIFIERS.sub("", plain)
        if shorter == plain:
            return None
        plain = shorter
    return known[plain]


def distinct(cells: Iterable[str]) -> list[str]:
    """The headings of a file, each once: a second "Price" becomes "Price (2)"; trimmed."""
    out: list[str] = []
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:200] or f"column {number}"
        seen[name] = seen.get(name, 0) + 1
        while seen[name] > 1 and f"{name} ({seen[name]})" in seen:
            seen[name] += 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        seen.setdefault(unique, 1)
        out.append(unique)
    return out


def missing_columns(file: str, headings: Sequence[str], needed: Sequence[str]) -> MalformedInput:
    """The error for a file without the columns it needs, naming those found and needed."""
    found = ", ".join(f'"{heading[:40]}"' for heading in headings[:12])
    more = f" and {len(headings) - 12} more" if len(headings) > 12 else ""
    wanted = " and ".join(filter(None, (", ".join(needed[:-1]), needed[-1])))
    values = {"file": file, "wanted": wanted, "found": found, "more": more}
    then = Reason("then_headings", {"wanted": wanted})
    return NotRead(Reason("file_no_columns", values), then=then)


def currency_in_heading(heading: str) -> str | None:
    """The currency that a price heading names, as in "Price (EUR)" or "Preis in €"."""
    for word in _CODE.findall(heading):
        if word.upper() in MINOR_DIGITS and word.upper() == word:
            return str(word)
        if word in SIGNS and len(SIGNS[word]) == 1:
            return SIGNS[word][0]
    return None
