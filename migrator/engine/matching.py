"""Keys by which records of both sides are found to be the same: e-mail, phone and company, spelled one way."""

import re
import unicodedata

LEGAL_FORMS = frozenset(
    "ab asa as aps a/s oy oyj abp gmbh ag kg bv nv ltd limited inc llc hb kb ks ivs ans da sa sarl plc co".split()
)
_NOT_WORD = re.compile(r"[^\w/]+")


def email_key(text: str) -> str:
    """Case and surrounding space never tell two addresses apart in practice."""
    return text.strip().casefold()


def phone_key(text: str) -> str:
    """Digits only; the leading plus and any spacing are not part of a number's identity."""
    return re.sub(r"\D", "", text)


def company_key(name: str) -> str:
    """A company name without case, accents, punctuation and legal form; "" where nothing is left."""
    decomposed = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    words = [word for word in _NOT_WORD.sub(" ", plain.replace(".", "")).split() if word.strip("/_")]
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words)
