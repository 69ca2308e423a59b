"""From what age a thing may be sold, where the shop's file is silent.

By the words of its category, in English and German: alcohol, tobacco, knives and fireworks,
18 years. The strictest law decides, since a file does not say where the buyer lives; a shop
that knows better writes min_age itself. Names are not looked at: "Bierschinken" is ham.
"""

import re
from functools import lru_cache

AGE_OF_MAJORITY = 18

_ALCOHOL = """alcohol alcoholic liquor liquors spirits wine wines beer beers whisky whiskey vodka
    gin rum tequila brandy cognac liqueur liqueurs champagne prosecco sherry cider ale ales lager
    alkohol alkoholika alkoholisch alkoholische alkoholisches wein weine bier biere spirituosen
    schnaps schnäpse likör liköre sekt wodka obstbrand weinbrand champagner most"""
_OTHERS = """tobacco cigarette cigarettes cigar cigars vape vapes vaping nicotine
    tabak tabakwaren zigarette zigaretten zigarre zigarren zigarillos nikotin
    knife knives dagger daggers machete machetes messer dolche macheten
    firework fireworks pyrotechnics firecrackers feuerwerk feuerwerkskörper böller
    pyrotechnik"""
_WORDS = frozenset((_ALCOHOL + " " + _OTHERS).split())
# German puts the thing last: Rotwein, Taschenmesser. English keeps it apart.
_ENDINGS = (
    "wein", "weine", "bier", "biere", "schnaps", "likör", "liköre", "messer", "tabak",
    "zigaretten", "zigarren", "feuerwerk", "spirituosen",
)  # fmt: skip
# A word that turns the matter round ("alcohol-free beer") or names what goes with it.
_HARMLESS_TEXT = """free non alkoholfrei alkoholfreie alkoholfreier alkoholfreies
    nonalcoholic malzbier ginger vinegar essig gum gums glass glasses gläser rack racks
    opener openers block blocks
    sharpener sharpeners durchmesser messbecher cooler coolers cabinets accessories zubehör"""
_HARMLESS = frozenset(_HARMLESS_TEXT.split())
_WORD = re.compile(r"[^\W\d_]+")
_STEP = re.compile(r"\s*(?:>|»|\||/)\s*")
_MIXED = re.compile(r"[,&+]|\b(?:and|und)\b", re.IGNORECASE)


# A federation's shops repeat some thousand categories.
@lru_cache(maxsize=4096)
def min_age_for(category: str) -> int | None:
    """18 where the category's words ask for it, else None.

    In a path ("Food, Beverages & Tobacco > Bread") a step that lists several shelves says
    nothing about the shelf below it.
    """
    *above, last = _STEP.split(category.strip().rstrip(">»|/ "))
    steps = [step for step in above if not _MIXED.search(step)] + [last]
    words = [word for step in steps for word in _WORD.findall(step.casefold())]
    if _HARMLESS.intersection(words):
        return None
    restricted = any(word in _WORDS or word.endswith(_ENDINGS) for word in words)
    return AGE_OF_MAJORITY if restricted else None
