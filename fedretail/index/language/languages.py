"""The language of an offer: said by its shop, else guessed from the letters and words of its name.

A guess decides only how words are stemmed. It is a pure function of the offer, so that the same
offer has the same words in every index. A wrong guess costs some other forms of its words; the
words as they stand are found all the same.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

# BCP 47 language -> the name of its Snowball stemmer. What is not here is not stemmed.
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish",
}  # fmt: skip

# Names in Latin letters that give no sign: English shops write such names most, and its stemmer
# takes little more than a plural from words of other languages.
UNSAID = "en"
# Scripts of one language, or of one that shops here write far more than others in it.
_SCRIPTS = (
    ("[\u0370-\u03ff]", "el"),
    ("[іїєґўђјљњћџ]", ""),  # other Cyrillic languages: no stemmer of theirs
    ("[\u0400-\u04ff]", "ru"),
    ("[\u0600-\u06ff]", "ar"),
    ("[\u0530-\u058f]", "hy"),
    ("[\u0900-\u097f]", "hi"),
    ("[\u0b80-\u0bff]", "ta"),
)
# Letters that tell Latin-script languages apart, before folding; one sign for all of a language.
# Where nothing else decides the first one here does: most shops that write such letters.
_LETTERS = {
    "de": "äöüß", "fr": "àâçèéêëîïôœùû", "es": "ñáíóú¿¡", "pt": "ãõçáâêó", "it": "àèìòù",
    "sv": "åäö", "da": "åæø", "no": "åæø", "pl": "ąćęłńśźż", "cs": "ěščřžýůď", "hu": "őűáé",
    "ro": "ăâîșțşţ", "tr": "ğışçö", "fi": "äö", "nl": "ë", "ca": "ç·", "et": "õäü", "lt": "ėįųūš",
}  # fmt: skip
_OF_LETTER = {
    letter: tuple(language for language, letters in _LETTERS.items() if letter in letters)
    for letter in "".join(_LETTERS.values())
}
_ASCII = bytes(range(128))
# The first letter of Greek; Vietnamese and a few signs lie beyond it too.
_BEYOND_LATIN = "\u0370"
# Small words, and what shops sell everywhere; folded. Each counts one sign, a word of several
# languages for each of them.
_WORDS = {
    "en": (
        "the of and with for in by from to free without all not only a white black red blue green"
        " brown gray grey organic fresh milk bread cheese chicken beef pork salted unsalted sauce"
        " soup juice water cookies crackers chips beans rice apple apples green sweet light dark"
        " whole original classic chocolate sugar oil butter cream yogurt tea coffee pack pieces"
        " wood steel stainless finish bronze nickel chrome paint interior exterior door window"
        " light bulb floor tile wall kitchen bath shower faucet toilet sink cabinet hinge screw"
        " outdoor indoor garden tool tools saw drill pipe wire cable switch kit set feet inch"
    ),
    "de": (
        "und mit ohne fur der die das aus von vom zum zur im am auf nach bei ein eine nicht bio"
        " milch brot kase butter wurst schinken fleisch rind schwein hahnchen huhn fisch eier ei"
        " apfel birne birnen kartoffel kartoffeln zwiebel zwiebeln gemuse obst saft wasser bier"
        " wein tee kaffee schokolade zucker salz mehl nudeln reis sosse suppe honig marmelade"
        " sahne quark joghurt frisch frische weiss schwarz rot blau grun gross klein stuck"
        " flasche glas dose packung scheiben vollkorn dinkel roggen weizen hafer natur fettarm"
        " gerauchert"
        " schraube schrauben holz farbe pinsel bohrer nagel dubel kabel lampe leuchte stuhl"
        " tisch hammer zange rohr wand boden seife waschmittel haus garten"
    ),
    "fr": (
        "de du des le la les un une et aux au sans avec pour en sur lait pain fromage beurre"
        " jambon poulet boeuf porc poisson oeufs oeuf pomme pommes terre legumes jus eau biere vin"
        " the cafe chocolat sucre sel farine pates riz sauce soupe miel confiture creme yaourt"
        " frais nature biologique noir blanc rouge vert petit petits grand grande sachet boite"
        " bouteille entier ecreme fruits saveur gout maison vis bois peinture"
    ),
    "es": (
        "de del el la los las un una y con sin para en leche pan queso mantequilla jamon pollo"
        " carne cerdo pescado huevos manzana patatas verduras zumo jugo agua cerveza vino te cafe"
        " chocolate azucar sal harina pasta arroz salsa sopa miel mermelada crema yogur fresco"
        " natural negro blanco rojo verde aceite oliva atun tomate sabor botella"
    ),
    "it": (
        "di del della dei delle il lo la gli le un una e con senza per in latte pane formaggio"
        " burro prosciutto pollo manzo maiale pesce uova mela mele patate verdure succo acqua"
        " birra vino te caffe cioccolato zucchero sale farina riso salsa zuppa miele marmellata"
        " panna fresco naturale nero bianco rosso verde olio oliva pomodoro gusto bottiglia al"
    ),
    "nl": (
        "de het een en met zonder voor van in op melk brood kaas boter ham kip rund varken vis"
        " eieren appel appels aardappelen groenten sap water bier wijn thee koffie chocolade"
        " suiker zout meel rijst saus soep honing jam room verse vers zwart wit rood groen"
        " volle halfvolle biologische fles smaak"
    ),
    "pt": (
        "de do da dos das o os as um uma e com sem para em leite pao queijo manteiga presunto"
        " frango carne porco peixe ovos maca batatas legumes suco sumo agua cerveja vinho cha cafe"
        " chocolate acucar sal farinha arroz molho sopa mel creme iogurte fresco azeite"
    ),
    "sv": "och med utan av till mjolk brod ost smor skinka kyckling agg saft vatten ol kaffe",
    "da": "og med uden af til maelk brod ost smor skinke kylling aeg saft vand ol kaffe okologisk",
    "no": "og med uten av til melk brod ost smor skinke kylling egg saft vann ol kaffe okologisk",
    "pl": "i z bez do na dla ze mleko chleb ser maslo szynka kurczak jajka sok woda piwo kawa",
    "cs": "a s se bez na pro mleko chleb syr maslo sunka kure vejce dzus voda pivo kava",
    "hu": "es a az tej kenyer sajt vaj sonka csirke tojas viz sor kave cukor izu",
    "ro": "si cu fara din pentru de lapte paine branza unt sunca pui oua suc apa bere cafea",
    "tr": "ve ile icin sut ekmek peynir tereyagi tavuk yumurta su cay kahve seker",
    "fi": "ja maito leipa juusto voi kinkku kana muna mehu vesi olut kahvi sokeri",
}

# Ends of German compounds that no other language's words have; asked where little else tells.
_GERMAN_ENDS = (
    "milch", "schokolade", "kase", "brot", "brotchen", "wurst", "fleisch", "saft", "wasser",
    "gemuse", "kuchen", "joghurt", "nudeln", "kartoffeln", "zwiebeln", "flasche", "schraube",
    "schrauben", "leuchte", "lampe", "schrank", "farbe", "holz", "schlussel", "reiniger",
    "mehl", "marmelade", "konfiture", "honig", "zucker", "salz", "pfeffer", "gewurz", "essig",
    "senf", "kaffee", "wein", "schnaps", "schorle", "schinken", "schnitzel", "fisch", "lachs",
    "kohl", "obst", "flocken", "bohnen", "linsen", "erbsen", "beeren", "kirschen", "trauben",
    "gurken", "pilze", "kekse", "aufstrich", "kerzen", "windeln", "waschmittel", "bohrer",
    "zange", "schlauch", "stuhl", "sessel", "kissen", "teppich", "topf", "pfanne", "handschuhe",
    "schuhe", "spielzeug", "futter",
)  # fmt: skip
# How they end in turn: few other words do.
_END = min(map(len, _GERMAN_ENDS))
_LAST: frozenset[object] = frozenset(one[-_END:] for one in _GERMAN_ENDS)
_last = itemgetter(slice(-_END, None))
# Signs are counted side by side in one number: those of each language, and above them these ends.
_COUNTED = tuple(dict.fromkeys((*_WORDS, *_LETTERS)))
_SIGN_BITS = 16
_MOST_SIGNS = (1 << _SIGN_BITS) - 1
_END_OF_GERMAN = 1 << len(_COUNTED) * _SIGN_BITS


def language_of(name: str, words: Collection[Any], said: str = "") -> str:
    """The language to stem by: a key of STEMMERS, or "" for none.

    said: the BCP 47 tag that the shop gives, "" for none. words: those of `name`, folded;
    what is no text among them is passed over.
    """
    if said:
        language = said.split("-")[0].lower()
        return language if language in STEMMERS else ""
    signs = _signs_of(words)
    if name.isascii():
        return _told(signs, has_letters=False) if signs else UNSAID
    strange = _beyond_ascii(name.lower())
    if strange[-1:] >= _BEYOND_LATIN:
        script = _script(strange)
        if script is not None:
            return script
    return _told(signs + _of_letters(strange), has_letters=True)


def _signs_of(words: Collection[Any]) -> int:
    """How many of the different words are signs of each language, and how many end as German ones.

    Packed: _SIGN_BITS for each of _COUNTED.
    """
    known = _known()
    signs = sum(map(known.__getitem__, known.keys() & words))
    if _LAST.isdisjoint(map(_last, words)):
        return signs
    ends = sum(isinstance(word, str) and word.endswith(_GERMAN_ENDS) for word in words)
    return signs + ends * _END_OF_GERMAN


# Few counts stand for all names.
@lru_cache(maxsize=4096)
def _told(signs: int, *, has_letters: bool) -> str:
    """The language that packed signs tell."""
    counts = {
        one: count
        for place, one in enumerate(_COUNTED)
        if (count := signs >> place * _SIGN_BITS & _MOST_SIGNS)
    }
    ends = signs // _END_OF_GERMAN
    if ends and max(counts.values(), default=0) <= 1:
        counts["de"] = counts.get("de", 0) + ends
    return _most(counts, has_letters=has_letters) if counts else UNSAID


def _beyond_ascii(small: str) -> str:
    """The letters of a text that are not ASCII, each once, in the order of their codes."""
    # By bytes: only those of ASCII stand for one character alone.
    rest = small.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return "".join(sorted(set(rest.decode("utf-8", "surrogatepass"))))


def _most(signs: dict[str, int], *, has_letters: bool) -> str:
    """The language with the most signs; where several have as many, the first with its letters."""
    most = max(signs.values())
    best = [one for one, count in signs.items() if count == most]
    if len(best) == 1:
        return best[0]
    if not has_letters or UNSAID in best:
        return UNSAID
    return next((one for one in _LETTERS if one in best), UNSAID)


def _script(small: str) -> str | None:
    """The language of a name in other letters than Latin ones; None for Latin."""
    for rule, language in _SCRIPTS:
        if re.search(rule, small):
            return language
    return None


# Names hold few different ones at a time.
@lru_cache(maxsize=4096)
def _of_letters(letters: str) -> int:
    """The languages that write one of these letters, each as one sign."""
    return _packed({one for letter in letters for one in _OF_LETTER.get(letter, ())})


@cache
def _known() -> dict[object, int]:
    """What each sign word is a sign of, packed."""
    languages: dict[object, set[str]] = {}
    for language, words in _WORDS.items():
        for word in words.split():
            if len(word) > 1:  # single letters stand in sizes and codes too
                languages.setdefault(word, set()).add(language)
    return {word: _packed(some) for word, some in languages.items()}


def _packed(languages: Iterable[str]) -> int:
    return sum(1 << _COUNTED.index(one) * _SIGN_BITS for one in languages)
