"""Words in one or in two: "Haferdrink" and "Hafer Drink", "dishwasher" and "dish washer".

An offer is held under the last part of its German compounds, which says what a thing is: a
Vollmilchschokolade is a Schokolade. The other ways are looked for when a query asks, in the
words that the catalog has.
"""

from collections.abc import Callable
from functools import cache

from fedretail.index.language.stems import stem

# The languages that write compounds as one word, and whose heads are listed here.
_GERMAN = "de"
# At least so many letters stand before a head: "Reis" is no kind of "Eis".
_LEAST_BEFORE = 3
# Parts of a word that is split when a query asks.
_LEAST_PART = 3

# What shops sell that stands at the end of compounds; folded, with plurals that stems miss.
_HEADS = (
    "milch joghurt quark sahne butter kase wurst schinken salami fleisch filet steak schnitzel"
    " fisch lachs brot brotchen kuchen torte keks kekse geback schokolade praline pralinen bonbon"
    " riegel pudding creme honig marmelade konfiture aufstrich saft schorle limonade wasser bier"
    " wein sekt likor schnaps tee kaffee kakao drink sirup mehl zucker salz pfeffer gewurz essig"
    " senf sosse sauce suppe eintopf salat gemuse kartoffel kartoffeln nudel nudeln reis flocken"
    " musli kerne nusse samen bohnen linsen erbsen tomate tomaten gurke gurken zwiebel zwiebeln"
    " kohl pilze apfel birne birnen kirsche kirschen beere beeren traube trauben obst frucht"
    " fruchte chips pizza seife shampoo waschmittel reiniger papier tucher windeln kerze kerzen"
    " schraube schrauben nagel dubel mutter muttern bohrer sage hammer zange schlussel messer"
    " farbe lack pinsel rolle leim kleber band draht kabel stecker dose schalter lampe leuchte"
    " birne batterie batterien akku rohr schlauch hahn ventil brett platte holz leiste tur"
    " fenster schrank regal tisch stuhl sessel bett matratze kissen decke teppich vorhang topf"
    " pfanne teller tasse becher glas flasche besteck loffel gabel korb kasten kiste beutel tasche"
    " hose hemd jacke mantel schuh schuhe socken mutze handschuh handschuhe kleid rock bluse erde"
    " dunger pflanze pflanzen blume blumen futter spielzeug buch heft stift block karte karten"
)


def heads(word: str, language: str) -> tuple[str, ...]:
    """The tokens of what a compound is a kind of; none for other words and languages."""
    if language != _GERMAN or not word.endswith(_heads()):
        return ()
    longest = max(len(head) for head in _heads() if word.endswith(head))
    if len(word) - longest < _LEAST_BEFORE:
        return ()
    return (stem(word[-longest:], language),)


def parted(
    word: str, is_held: Callable[[str], bool], are_held: Callable[[str, str], bool]
) -> tuple[str, str] | None:
    """The two parts that a word is written together from, held by one offer; None for none.

    The split with the longest shorter part wins. A German "s" may join them.
    """
    best: tuple[int, tuple[str, str]] | None = None
    for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        first, second = word[:cut], word[cut:]
        size = min(cut, len(word) - cut)
        if (best is None or size > best[0]) and is_held(second):
            bare = first[:-1] if first.endswith("s") and len(first) > _LEAST_PART else first
            for part in dict.fromkeys((first, bare)):
                if is_held(part) and are_held(part, second):
                    best = size, (part, second)
                    break
    return None if best is None else best[1]


@cache
def _heads() -> tuple[str, ...]:
    return tuple(dict.fromkeys(_HEADS.split()))
