"""Invented people's building blocks by country: names, towns, streets, trades, legal forms."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """What a made-up person or company of one country is put together from."""

    code: str
    name: str
    language: str
    dial: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    trades: tuple[str, ...]
    places: tuple[str, ...]
    legal: str
    titles: tuple[str, ...]
    genders: tuple[str, str, str]
    yes_no: tuple[str, str]
    contact: tuple[str, ...]
    # What else companies of an invented account are called; the demo's are all about the outdoors.
    other_legal: tuple[str, ...]
    other_trades: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def _towns(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of postal code and town from "981_30=Kiruna …"."""
    pairs = (item.split("=") for item in text.split())
    return tuple((code.replace("_", " "), town.replace("_", " ")) for code, town in pairs)


SWEDEN = Country(
    code="SE",
    name="Sweden",
    language="sv",
    dial="4670",
    women=_words(
        "Astrid Elin Signe Karin Ylva Alva Tuva Sanna Ida Maja Ebba Linnéa Wilma Klara Stina Moa Tilde "
        "Agnes Vera Hedda Siv Gun-Britt Åsa Märta Lovisa"
    ),
    men=_words(
        "Johan Erik Tomas Kalle Oskar Nils Gustav Anders Arvid Axel Viktor Göran Björn Lennart Per-Olof "
        "Måns Sixten Ture Åke Hugo Love Elis Rasmus Ivar Torbjörn"
    ),
    surnames=_words(
        "Lindqvist Berg Lund Holm Nyman Falk Ekberg Dahlin Frisk Sten Wikström Sjöberg Åkesson Hedlund "
        "Norén Bergström Öberg Sandell Rask Fjällström Nordin Hägg Ljung Palm Strömberg Alm Ek Sundin "
        "Vallin Ängqvist Roos Hallin Mo Östlund Källström"
    ),
    towns=_towns(
        "981_30=Kiruna 903_26=Umeå 831_30=Östersund 784_31=Borlänge 411_05=Göteborg 118_20=Stockholm "
        "211_22=Malmö 753_10=Uppsala 702_11=Örebro 582_22=Linköping 651_84=Karlstad 972_38=Luleå "
        "871_30=Härnösand 792_30=Mora 374_30=Karlshamn 621_57=Visby"
    ),
    streets=_words(
        "Storgatan Björkvägen Fjällgatan Hamngatan Kyrkogatan Granstigen Strandvägen Tallåsvägen "
        "Ripvägen Skogsbrynet Smedjegatan Åsgatan Lingonstigen Norra_Torget Renvägen"
    ),
    trades=_words(
        "Fjällsport Friluft Vandring Cykel_&_Ski Sportlager Kanotcentral Fjällguider Klätterverk Utrustning "
        "Skidverkstad Äventyr Naturbutik Turism Sportförening Löparbutik"
    ),
    places=_words(
        "Kiruna Vasa Norrsken Holm Åre Fjäll Polar Lappland Bergslagen Sälen Höga_Kusten Ripan Tärna "
        "Vildmark Storsjö Dala Kebne Njord Siljan Sarek"
    ),
    legal="AB",
    titles=_words("Inköpare Butikschef VD Marknadschef Säljare Ekonomichef Lagerchef Guide Projektledare"),
    genders=("Kvinna", "Man", "Vill ej uppge"),
    yes_no=("Ja", "Nej"),
    contact=("E-post", "SMS", "Telefon", "Post"),
    other_legal=("HB", "KB", "Ekonomisk förening"),
    other_trades=_words(
        "Bygg Måleri Elteknik Transport Redovisning Arkitekter Plåt Fastigheter VVS Tryckeri "
        "Åkeri Snickeri Konsult Bageri Möbler"
    ),
)

NORWAY = Country(
    code="NO",
    name="Norway",
    language="nb",
    dial="479",
    women=_words(
        "Liv Nora Hanne Vilde Ingrid Sigrid Solveig Tone Kari Marit Silje Guro Ragnhild Eirin Thea "
        "Synnøve Runa Tove Åshild Bjørg Live Oda Jorunn Anne-Grete"
    ),
    men=_words(
        "Jonas Ole-Petter Rune Emil Aksel Lars Odd Bjørn Sverre Magnus Håkon Sindre Eivind Trygve Øystein "
        "Kjetil Stig Torstein Arne Jarle Vegard Mathias Henrik Pål"
    ),
    surnames=_words(
        "Torgersen Sund Bakken Vik Hagen Skog Strand Wiik Myhre Moen Aune Nygård Ness Kjær Haugen Solberg "
        "Lie Dahl Fjeld Bråten Eide Sørli Øverland Nordli Tveit Grande Foss Ødegård Sæther Lunde Rød "
        "Hovland Engen Brekke"
    ),
    towns=_towns(
        "9008=Tromsø 7011=Trondheim 0182=Oslo 5003=Bergen 4006=Stavanger 8006=Bodø 2609=Lillehammer "
        "6002=Ålesund 9510=Alta 3510=Hønefoss 0558=Oslo 1606=Fredrikstad 5700=Voss 8300=Svolvær"
    ),
    streets=_words(
        "Storgata Fjellveien Kirkegata Bjørkeveien Sjøgata Skolegata Nordre_gate Granlia Strandgata "
        "Øvre_vei Myrveien Furulia Havnegata"
    ),
    trades=_words(
        "Utstyr Sport Friluft Fjellguide Ski_&_Sykkel Turlag Kajakk Klatring Villmark Havfiske Fritid "
        "Reiseliv Skiverksted Turutstyr"
    ),
    places=_words(
        "Tind Bakken Lofoten Jotun Nordkapp Vidda Hardanger Lyngen Senja Trollheim Rondane Svalbard Fjord "
        "Dovre Finnmark Stetind Femund Galdhø"
    ),
    legal="AS",
    titles=_words("Innkjøper Butikksjef Daglig_leder Markedssjef Selger Økonomisjef Lagersjef Guide"),
    genders=("Kvinne", "Mann", "Ønsker ikke å oppgi"),
    yes_no=("Ja", "Nei"),
    contact=("E-post", "SMS", "Telefon", "Post"),
    other_legal=("ANS", "ASA", "DA"),
    other_trades=_words(
        "Bygg Maler Elektro Transport Regnskap Arkitekter Rør Eiendom Trykkeri Snekkeri "
        "Rådgivning Bakeri Hagesenter Interiør"
    ),
)

FINLAND = Country(
    code="FI",
    name="Finland",
    language="fi",
    dial="35840",
    women=_words(
        "Signe Aino Helmi Venla Sanni Kaisa Päivi Riikka Tuuli Noora Eeva Outi Hilkka Sari Elina Johanna "
        "Aune Lempi Marjatta Pirkko Veera Inka"
    ),
    men=_words(
        "Pekka Henrik Mikko Ville Jussi Antti Kari Eero Lauri Sampo Otso Veikko Timo Jorma Aarne Niilo "
        "Heikki Onni Tapio Väinö Kalevi Juha"
    ),
    surnames=_words(
        "Aalto Salo Virta Nieminen Korhonen Mäkinen Laine Heikkinen Koskinen Järvinen Lehtonen Saarinen "
        "Hämäläinen Niemi Räsänen Karjala Peltola Ylönen Kivelä Honkanen Rautio Pääkkönen Tuominen "
        "Vainio Öhman Lindroos Nyberg Saarela Halonen"
    ),
    towns=_towns(
        "00100=Helsinki 33100=Tampere 20100=Turku 90100=Oulu 96100=Rovaniemi 70100=Kuopio 40100=Jyväskylä "
        "65100=Vaasa 99800=Ivalo 99130=Sirkka 15110=Lahti 80100=Joensuu"
    ),
    streets=_words(
        "Koivukatu Rantatie Kirkkokatu Mäntytie Asemakatu Hämeentie Pohjoisranta Tunturitie Satamakatu "
        "Kuusitie Järvikatu Metsäpolku"
    ),
    trades=_words(
        "Kauppa Retkeily Urheilu Erätarvike Kanootit Pyörä_&_Suksi Kiipeily Opas Lomat Tarvike Varuste "
        "Seikkailu"
    ),
    places=_words(
        "Polar Tunturi Saimaa Lappi Karhu Kaamos Levi Inari Erämaa Revontuli Koli Pallas Saariselkä Kuusamo "
        "Ruka Halti"
    ),
    legal="Oy",
    titles=_words("Ostaja Myymäläpäällikkö Toimitusjohtaja Markkinointipäällikkö Myyjä Opas Varastonhoitaja"),
    genders=("Nainen", "Mies", "En halua kertoa"),
    yes_no=("Kyllä", "Ei"),
    contact=("Sähköposti", "Tekstiviesti", "Puhelin", "Posti"),
    other_legal=("Ky", "Oyj", "Osuuskunta"),
    other_trades=_words(
        "Rakennus Maalaus Sähkö Kuljetus Tilitoimisto Arkkitehdit Putki Kiinteistöt Painotalo "
        "Puusepät Konsultit Leipomo Musiikki"
    ),
)

DENMARK = Country(
    code="DK",
    name="Denmark",
    language="da",
    dial="452",
    women=_words(
        "Freja Siri Kirsten Maja Signe Ida Freya Mette Line Sofie Pernille Bodil Inger Dorthe Astrid Alma "
        "Karen-Marie Birgitte Asta Tine Ane Lærke"
    ),
    men=_words(
        "Mikkel Mads Emil Lars Anders Rasmus Søren Jørgen Niels Frederik Kasper Troels Bent Esben Asger "
        "Jeppe Ebbe Viggo Thorkild Ejnar Malthe Kjeld"
    ),
    surnames=_words(
        "Østergaard Holt Sørensen Toft Ravn Lind Brandt Kjær Nørgaard Bech Winther Overgaard Krogh Lauritsen "
        "Mølgaard Skov Damgaard Bertelsen Fog Juhl Thygesen Ågaard Villadsen Munk Bæk Hjorth Ipsen Balle"
    ),
    towns=_towns(
        "9000=Aalborg 8000=Aarhus_C 5000=Odense_C 2100=København_Ø 6700=Esbjerg 7100=Vejle 4000=Roskilde "
        "8600=Silkeborg 3700=Rønne 9990=Skagen 6400=Sønderborg 4700=Næstved"
    ),
    streets=_words(
        "Søndergade Vestergade Strandvejen Kirkevej Havnegade Bøgevej Skovvej Nørregade Algade Møllevej "
        "Østergade Kystvejen"
    ),
    trades=_words(
        "Cykler Friluft Sport Kajak Udstyr Vandrehjem Surf_&_Strand Ferie Klatring Natur Fritid Lystfiskeri"
    ),
    places=_words(
        "Aalborg Skagen Vadehav Himmelbjerg Møn Bornholm Limfjord Fyn Rold Djursland Thy Grenen Mols Læsø"
    ),
    legal="ApS",
    titles=_words("Indkøber Butikschef Direktør Marketingchef Sælger Økonomichef Lagerchef Guide"),
    genders=("Kvinde", "Mand", "Ønsker ikke at oplyse"),
    yes_no=("Ja", "Nej"),
    contact=("E-mail", "SMS", "Telefon", "Brev"),
    other_legal=("A/S", "I/S", "K/S"),
    other_trades=_words(
        "Byg Maler El-teknik Transport Revision Arkitekter VVS Ejendomme Trykkeri Snedkeri "
        "Rådgivning Bageri Interiør Have"
    ),
)

GERMANY = Country(
    code="DE",
    name="Germany",
    language="de",
    dial="491511",
    women=_words(
        "Petra Anke Heike Greta Lena Hannah Katrin Ute Sabine Frieda Jule Maren Wiebke Antje Nele Birte "
        "Svenja Martha Ilse Gesa"
    ),
    men=_words(
        "Jürgen Lars Henning Malte Uwe Torben Sven Klaus Matthias Fiete Jan-Ole Günther Hauke Rolf Moritz "
        "Bernd Kai Detlef Emil Arne"
    ),
    surnames=_words(
        "Brandt Petersen Hansen Möller Schröder Krüger Vogt Lorenz Jäger Böhm Köster Thiessen Oltmanns "
        "Siemers Groß Weiß Behrens Claasen Düring Harms Wulff Ahlers Feddersen Rieck"
    ),
    towns=_towns(
        "24103=Kiel 20095=Hamburg 23552=Lübeck 18055=Rostock 28195=Bremen 24937=Flensburg 10115=Berlin "
        "87561=Oberstdorf 80331=München 38667=Bad_Harzburg 17489=Greifswald 26122=Oldenburg"
    ),
    streets=_words(
        "Hauptstraße Hafenstraße Lindenweg Deichstraße Bergstraße Am_Markt Birkenweg Schulstraße Seestraße "
        "Kirchgasse Moorweg Waldstraße"
    ),
    trades=_words(
        "Outdoor Bergsport Radhaus Kanuverleih Ausrüstung Wandern Segelbedarf Sporthaus Zelte_&_Mehr "
        "Freizeit Kletterhalle"
    ),
    places=_words(
        "Nordsee Harz Alster Förde Deich Watt Ostsee Brocken Rügen Elbe Heide Sylt Allgäu Nordlicht Müritz"
    ),
    legal="GmbH",
    titles=_words("Einkäufer Filialleiter Geschäftsführer Marketingleiter Verkäufer Lagerleiter Assistenz"),
    genders=("Weiblich", "Männlich", "Keine Angabe"),
    yes_no=("Ja", "Nein"),
    contact=("E-Mail", "SMS", "Telefon", "Post"),
    other_legal=("GmbH & Co. KG", "e. K.", "AG", "UG"),
    other_trades=_words(
        "Bau Malerbetrieb Elektrotechnik Spedition Steuerberatung Architekten Sanitär Immobilien "
        "Druckerei Tischlerei Beratung Bäckerei Naturkost Gartenbau"
    ),
)

NETHERLANDS = Country(
    code="NL",
    name="Netherlands",
    language="nl",
    dial="3161",
    women=_words(
        "Sanne Fleur Anouk Lieke Femke Marloes Saskia Ineke Roos Noor Maartje Willemijn Tess Jolanda "
        "Hanneke Esmée Carlijn Zoë Annelies Fenna"
    ),
    men=_words(
        "Daan Sem Bram Thijs Joost Ruben Sander Wouter Jeroen Pieter Gijs Koen Maarten Henk Teun Floris "
        "Jan-Willem Rutger Sjoerd Niels"
    ),
    surnames=_words(
        "de_Vries van_den_Berg Jansen Bakker Visser Smit Mulder de_Boer Dekker Vermeulen van_der_Meer "
        "Hoekstra Kuipers Schouten Postma Brouwer Terpstra van_Leeuwen Koster Wiersma Zijlstra de_Groot "
        "Verhoeven Oosterhuis"
    ),
    towns=_towns(
        "1012_JS=Amsterdam 3011_AD=Rotterdam 2511_CV=Den_Haag 3511_LN=Utrecht 9711_LM=Groningen "
        "8911_BM=Leeuwarden 5611_EM=Eindhoven 6211_CK=Maastricht 4331_BJ=Middelburg 1791_AE=Den_Burg "
        "2042_PB=Zandvoort 7411_KT=Deventer"
    ),
    streets=_words(
        "Dorpsstraat Kerkstraat Havenstraat Duinweg Molenweg Stationsplein Prinsengracht Lindelaan "
        "Zeestraat Schoolstraat Marktplein Noorderkade"
    ),
    trades=_words(
        "Fietsen Reizen Tuincentrum Zeilmakerij Buitensport Kampeerhuis Wonen Interieur Techniek Boeken "
        "Bloemen Muziekhandel"
    ),
    places=_words(
        "Duinrand Waddenzee Zuiderzee IJssel Veluwe Zeeland Texel Friesland Merwede Amstel Maas Polder "
        "Noordzee Drenthe Kennemer"
    ),
    legal="B.V.",
    titles=_words(
        "Inkoper Winkelmanager Directeur Marketingmanager Verkoper Controller Magazijnchef Adviseur"
    ),
    genders=("Vrouw", "Man", "Zeg ik liever niet"),
    yes_no=("Ja", "Nee"),
    contact=("E-mail", "SMS", "Telefoon", "Post"),
    other_legal=("N.V.", "V.O.F.", "Coöperatie"),
    other_trades=_words(
        "Bouw Schilders Elektro Transport Accountants Architecten Installatie Vastgoed Drukkerij "
        "Timmerwerk Advies Bakkerij"
    ),
)

COUNTRIES = {country.code: country for country in (SWEDEN, NORWAY, FINLAND, DENMARK, GERMANY, NETHERLANDS)}
EMAIL_DOMAINS = (
    "nordpost.example",
    "fjellmail.example",
    "sjoposten.example",
    "brevdue.example",
    "postlada.example",
    "mailto.example.com",
    "webpost.example.net",
    "hejmail.example.org",
)
