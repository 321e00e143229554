"""What other companies call their tags, topics, send-outs and custom events, in six languages."""

from migrator.simulators.seeds.event_kinds import EventKind

NEWSLETTER = {
    "sv": ("Nyhetsbrev", "Månadsbrevet"),
    "nb": ("Nyhetsbrev", "Månedsbrevet"),
    "fi": ("Uutiskirje", "Kuukausikirje"),
    "da": ("Nyhedsbrev", "Månedsbrevet"),
    "de": ("Newsletter", "Monatsbrief"),
    "nl": ("Nieuwsbrief", "Maandbericht"),
}
TEXTS = {
    "sv": "SMS-erbjudanden",
    "nb": "SMS-tilbud",
    "fi": "Tekstiviestit",
    "da": "SMS-klub",
    "de": "SMS-Angebote",
    "nl": "Sms-acties",
}
OTHER_TOPICS = {
    "sv": ("Kundklubb", "Inbjudningar", "Produktnyheter", "Undersökningar"),
    "nb": ("Kundeklubb", "Invitasjoner", "Produktnytt", "Undersøkelser"),
    "fi": ("Kanta-asiakkaat", "Kutsut", "Tuoteuutiset", "Kyselyt"),
    "da": ("Kundeklub", "Invitationer", "Produktnyt", "Undersøgelser"),
    "de": ("Kundenclub", "Einladungen", "Produktneuheiten", "Umfragen"),
    "nl": ("Klantenclub", "Uitnodigingen", "Productnieuws", "Enquêtes"),
}
FOLDERS = (("All profiles", "Club"), ("All", "Members"), ("Marketing", "Service"), ("B2C", "B2B"))
CAMPAIGNS = {
    "sv": ("Månadsbrev", "Vårkampanj", "Sommarrea", "Inbjudan", "Höstnytt", "Julbrev"),
    "nb": ("Månedsbrev", "Vårkampanje", "Sommersalg", "Invitasjon", "Høstnytt", "Julebrev"),
    "fi": ("Kuukausikirje", "Kevätkampanja", "Kesäale", "Kutsu", "Syysuutiset", "Joulukirje"),
    "da": ("Månedsbrev", "Forårskampagne", "Sommerudsalg", "Invitation", "Efterårsnyt", "Julebrev"),
    "de": (
        "Monatsbrief",
        "Frühlingsaktion",
        "Sommerschluss",
        "Einladung",
        "Herbstneuheiten",
        "Weihnachtsbrief",
    ),
    "nl": ("Maandbericht", "Lenteactie", "Zomeropruiming", "Uitnodiging", "Herfstnieuws", "Kerstbrief"),
}
TAGS = (
    *(
        "newsletter",
        "customer",
        "lead",
        "partner",
        "webinar",
        "event-2025",
        "event-2026",
        "press",
        "supplier",
    ),
    *("dealer", "trial", "churned", "loyal", "high-value", "reactivated", "survey", "app-user", "catalogue"),
    *("fair-2025", "autumn-26", "spring-26", "member", "board", "student", "employee", "returns-often"),
    *("gift-card", "online-only", "in-store", "beta"),
)
LOCAL_TAGS = {
    "sv": ("stamkund", "julklubben", "mässa-26", "återförsäljare", "provkund", "vår-26"),
    "nb": ("fastkunde", "juleklubb", "messe-26", "forhandler", "prøvekunde", "vår-26"),
    "fi": ("kanta-asiakas", "joulukerho", "messut-26", "jälleenmyyjä", "kevät-26"),
    "da": ("stamkunde", "juleklub", "messe-26", "forhandler", "prøvekunde", "forår-26"),
    "de": ("stammkunde", "messe-26", "händler", "probekunde", "frühjahr-26", "vip-runde"),
    "nl": ("vaste-klant", "beurs-26", "wederverkoper", "proefklant", "lente-26", "kerstclub"),
}
# What marketing calls the lists that it keeps in the CRM (reference 13: lists may become tags).
CRM_LISTS = {
    "sv": ("Mässbesökare", "Nyckelkunder", "Ramavtal"),
    "nb": ("Messebesøkende", "Nøkkelkunder", "Rammeavtale"),
    "fi": ("Messuvieraat", "Avainasiakkaat", "Puitesopimus"),
    "da": ("Messegæster", "Nøglekunder", "Rammeaftale"),
    "de": ("Messebesucher", "Schlüsselkunden", "Rahmenvertrag"),
    "nl": ("Beursbezoekers", "Sleutelklanten", "Raamovereenkomst"),
}
LEFT_OVER = ("old-import", "test", "import 2023-04-11", "kopia av newsletter", "xx_delete")
COMPANY_WORDS = (
    ("Fjord", "Birka", "Hansa", "Aurora", "Norna", "Baltic", "Polaris", "Mälar", "Skerry", "Boreal"),
    ("Kök", "Interiør", "Cykel", "Media", "Möbler", "Garden", "Kurser", "Reisen", "Foods", "Energi"),
)
CUSTOMER_NUMBER = {
    "sv": ("Kundnr. (nytt)", "Kundnr. affärssystem"),
    "nb": ("Kundenr. (nytt)", "Kundenr. ERP"),
    "fi": ("Asiakasnro. (uusi)", "Asiakasnro. ERP"),
    "da": ("Kundenr. (nyt)", "Kundenr. ERP"),
    "de": ("Kundennr. (neu)", "Kd.-Nr. ERP"),
    "nl": ("Klantnr. (nieuw)", "Klantnr. ERP"),
}
# How Sections are cut: by country, by brand or by line of business.
SECTION_STYLES = ("country", "local", "title", "line")
LINES = ("Webshop", "Stores", "Wholesale", "Members", "Service")
LOCAL_COUNTRY = {
    "SE": "Sverige",
    "NO": "Norge",
    "FI": "Suomi",
    "DK": "Danmark",
    "DE": "Deutschland",
    "NL": "Nederland",
}


def _custom(
    key: str, category: str, slug: str, name: str, weight: float, years: int, **schema: str
) -> EventKind:
    """A custom event: its name, how often it happens, how many years it is kept."""
    return EventKind(
        key,
        f"com.apsis1.events.{category}.custom-{slug}",
        name,
        weight,
        tuple(schema.items()),
        custom=True,
        years=years,
    )


_ORDER = {"order_id": "text", "amount": "decimal", "currency": "text", "items": "number"}
_CALL = {"direction": "text", "duration_s": "number", "outcome": "text"}
_MEETING = {"subject": "text", "location": "text", "duration_min": "number"}
PURCHASES = {
    "sv": _custom("purchase", "transaction", "kp", "Köp", 8, 4, **_ORDER),
    "nb": _custom("purchase", "transaction", "kjp", "Kjøp", 8, 4, **_ORDER),
    "fi": _custom("purchase", "transaction", "ostos", "Ostos", 8, 4, **_ORDER),
    "da": _custom("purchase", "transaction", "kb", "Køb", 8, 4, **_ORDER),
    "de": _custom("purchase", "transaction", "bestellung_1.0", "Bestellung", 8, 4, **_ORDER),
    "nl": _custom("purchase", "transaction", "aankoop", "Aankoop", 8, 4, **_ORDER),
}
CUSTOM_EVENTS = (
    _custom("call", "signal", "call_logged", "Call logged", 2, 3, **_CALL),
    _custom("meeting", "conversion", "meeting_booked", "Meeting booked", 1, 3, **_MEETING),
    _custom(
        "webinar", "conversion", "webinar_attended", "Webinar attended", 2, 3, title="text", minutes="number"
    ),
    _custom("visit", "signal", "store_visit", "Store visit", 3, 2, store="text", staff="text"),
    _custom(
        "return", "transaction", "return", "Return", 2, 4, order_id="text", amount="decimal", reason="text"
    ),
    _custom(
        "quote", "conversion", "quote_requested", "Quote requested", 2, 3, product="text", amount="number"
    ),
    _custom("ticket", "signal", "support_ticket", "Support ticket", 2, 3, number="number", urgent="boolean"),
    _custom("renewal", "transaction", "renewal", "Contract renewed", 1, 4, contract="text", months="number"),
)
# Years for which the events of tools are kept; consent and bounce events stay for eighty (reference 6.4).
KEPT_YEARS = {"sent": 2, "opened": 2, "clicked": 3, "bounced": 80, "page": 1, "form": 3}
