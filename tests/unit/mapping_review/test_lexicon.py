"""The lexicon as data, and its look-ups: languages, abbreviations, endings, slips, thinning."""

from collections import Counter, defaultdict

import pytest

from mapping_review.proposers.lexicon import LANGUAGES, Lexicon, fold, lexicon, using
from mapping_review.proposers.names import read_name
from mapping_review.proposers.similarity import OPPOSED, similarity

SMALL = """
@city any varchar
da by
@kind person enum
en kind
@child person - holder
de kind
@birthday person date
de geburtsdatum
@probability deal double
de wahrscheinlichkeit
@marital person enum
de familienstand
@start any - generic
en start
"""


def test_it_has_the_breadth_that_was_asked_for() -> None:
    terms = Counter(language for _, _, languages in lexicon().terms() for language in languages)
    assert len(lexicon().concepts) >= 220
    assert all(terms[language] >= 1_000 for language in LANGUAGES), terms


# Brand names and codes are the same everywhere; the others stand for combinations of words.
SAME_EVERYWHERE = {"facebook", "instagram", "twitter", "duns", "utm"}


def test_every_concept_has_words_in_all_languages_or_is_made_of_others() -> None:
    spoken: dict[str, set[str]] = defaultdict(set)
    for _, concept, languages in lexicon().terms():
        spoken[concept] |= languages
    composed = {whole for _, whole in lexicon().compositions}
    gaps = {c for c in lexicon().concepts if spoken[c] != set(LANGUAGES) and c not in composed}
    assert gaps <= SAME_EVERYWHERE


def test_types_objects_and_flags_are_known_ones() -> None:
    concepts = lexicon().concepts.values()
    assert {c.object for c in concepts} == {"any", "person", "organization", "deal", "customer", "purchase"}
    types = {
        "-",
        "varchar",
        "text",
        "enum",
        "set",
        "double",
        "monetary",
        "date",
        "phone",
        "user",
        "address",
        "yesno",
    }
    assert {c.type for c in concepts} <= types
    flags = {"generic", "qualifier", "skip", "sensitive", "identifier", "holder", "personal"}
    assert {flag for c in concepts for flag in c.flags} == flags


def test_every_opposed_pair_names_known_concepts() -> None:
    lines = OPPOSED.read_text(encoding="utf-8").splitlines()
    named = {name for line in lines if line and line[0] != "#" for name in line.split()}
    assert named <= set(lexicon().concepts)


def test_a_language_of_the_account_decides_between_meanings() -> None:
    small = Lexicon(SMALL)
    assert set(small.find("kind")) == {"kind", "child"}
    assert small.find("kind", ("de",)) == ("child",)
    assert set(small.find("kind", ("fi",))) == {"kind", "child"}


def test_a_short_word_of_another_language_is_a_mere_filler() -> None:
    assert read_name("Created by", ("en",)).concepts & {"city"} == set()
    assert read_name("By", ("da",)).concepts == {"city"}


@pytest.mark.parametrize(
    ("word", "found"), [("wahrsch", "probability"), ("geburtsd", "birthday"), ("xyz", "")]
)
def test_an_abbreviation_is_read_where_one_root_starts_so(word: str, found: str) -> None:
    assert "".join(Lexicon(SMALL).find_abbreviated(word)) == found


def test_an_abbreviation_that_several_roots_start_with_is_not_read() -> None:
    small = Lexicon("@a any -\nen kontakt\n@b any -\nen kontinent\n@c any -\nen konto")
    assert small.find_abbreviated("kont") == ()


def test_two_abbreviated_words_are_read_as_one() -> None:
    small = Lexicon(SMALL)
    assert small.find_between("fam", "stand") == ("marital",)
    assert small.find_between("geb", "datum") == ("birthday",)
    assert small.find_between("f", "stand") == ()


@pytest.mark.parametrize(
    ("name", "language", "concept"),
    [
        ("Wahrsch. %", "de", "probability"),
        ("Tarj.nro", "fi", "quote_number"),
        ("Synt.aika", "fi", "birthday"),
        ("Fam.-Stand", "de", "marital"),
        ("Contactpers.", "nl", "full_name"),
        ("Befattn.", "sv", "job_title"),
    ],
)
def test_it_reads_abbreviations_of_the_field(name: str, language: str, concept: str) -> None:
    assert concept in read_name(name, (language,)).concepts


def test_another_letter_in_a_short_word_makes_another_word() -> None:
    assert read_name("Portkod", ("sv",)).concepts & {"postal_code"} == set()
    assert read_name("gatuadres", ("sv",)).concepts == {"street"}


def test_a_word_that_starts_with_a_sensitive_one_is_sensitive() -> None:
    assert "health" in read_name("Handicaphjælp", ("da",)).concepts


@pytest.mark.parametrize(
    ("text", "folded"), [("Größe", "grosse"), ("ÅÄÖ", "aao"), ("Ærø", "aro"), ("PLAIN", "plain"), ("İ", "i")]
)
def test_case_and_diacritics_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_thinned_lexicon_lacks_words_and_moves_concepts_for_as_long_as_it_is_used() -> None:
    poorer = lexicon().thinned(frozenset(["plz"]), {"plan": "person"})
    with using(poorer):
        assert read_name("PLZ", ("de",)).concepts == set()
        assert lexicon().concepts["plan"].object == "person"
    assert read_name("PLZ", ("de",)).concepts == {"postal_code"}
    assert lexicon().concepts["plan"].object == "deal"
    assert poorer.checksum != lexicon().checksum


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Kundnummer", "Customer ID", 0.9, 1.0),
        ("Lapsen syntymäpäivä", "Syntymäpäivä", 0.0, 0.5),
        ("Service start", "Service end", 0.0, 0.6),
        ("Next service", "Last service", 0.0, 0.5),
        ("Delivery address", "Invoice address", 0.0, 0.5),
        ("Senaste resa", "Resenummer", 0.0, 0.5),
        ("Mobil", "Telefon", 0.5, 0.95),
        ("Blomma", "Blommor", 0.6, 1.0),
        ("Zqxw", "Telefon", 0.0, 0.0),
    ],
)
def test_names_are_alike_by_meaning(one: str, other: str, least: float, most: float) -> None:
    assert least <= similarity(read_name(one), read_name(other)) <= most
