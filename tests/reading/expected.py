"""What the invented agendas of `tests/data` are read as."""

from __future__ import annotations

from datetime import date

from meetings.reading.agenda import AttachmentReading, EarlierReference, ItemReading

FI = (
    ItemReading(
        1,
        "Kokouksen avaus",
        proposal="Puheenjohtaja avaa kokouksen.",
    ),
    ItemReading(
        2,
        "Kokouksen laillisuus ja päätösvaltaisuus",
        proposal="Todetaan kokouksen laillisuus ja päätösvaltaisuus.",
        rest=(
            "Kokouskutsu ja esityslista on lähetetty jäsenille sähköpostitse 1.2.2027. Ohjausryhmä on "
            "päätösvaltainen, kun yli puolet äänivaltaisista paikoista on täytetty ja puheenjohtaja tai "
            "varapuheenjohtaja on paikalla."
        ),
    ),
    ItemReading(
        3,
        "Esityslistan hyväksyminen",
        proposal="Hyväksytään esityslista kokouksen työjärjestykseksi.",
    ),
    ItemReading(
        4,
        "Edellisen kokouksen muistio",
        proposal=("Todetaan, että muistio on hyväksytty ohjausryhmän työjärjestyksen mukaisesti, ja merkitään muutos tiedoksi."),
        handling="Sihteeri esittelee muistioon tehdyn muutoksen.",
        attachments=(AttachmentReading(1, "Muistio 5/2026"),),
        rest=(
            "Kokouksen 5/2026 (3.12.2026) muistio lähetettiin jäsenille 10.12.2026 ja siihen pyydettiin kommentit"
            " 17.12.2026 mennessä. Määräaikaan mennessä saatiin yksi kommentti, joka koski osallistujaluettelon "
            "kirjoitusasua. Kommentti on otettu huomioon.\n"
            "\n"
            "Muistio on luettavissa ohjausryhmän työtilassa:\n"
            "https://tyotila.example/saaret/muistiot/5-2026"
        ),
    ),
    ItemReading(
        5,
        "Saaristo-ohjelman 2024–2030 väliarviointi ja ohjelman tarkistaminen",
        presenter="Xenia Xylander",
        proposal=(
            "Ohjausryhmä\n"
            "1) merkitsee väliarvioinnin tulokset tiedoksi,\n"
            "2) hyväksyy tarkistetun ohjelman liitteen 3 mukaisena ja\n"
            "3) antaa sihteerille oikeuden tehdä ohjelmaan teknisiä korjauksia."
        ),
        attachments=(
            AttachmentReading(2, "Väliarvioinnin yhteenveto"),
            AttachmentReading(3, "Saaristo-ohjelma 2024–2030, tarkistettu luonnos 25.1.2027"),
        ),
        references=(
            EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (7§)"),
            EarlierReference(date(2026, 12, 3), 5, None, "3.12.2026 (5§)"),
        ),
        rest=(
            "Saaristo-ohjelma hyväksyttiin ohjausryhmässä keväällä 2024. Ohjelman mukaan sen toteutumista "
            "arvioidaan puolivälissä. Väliarviointi tehtiin loppuvuodesta 2026 kyselynä, johon vastasi 64 "
            "kuntien, oppilaitosten ja yhdistysten edustajaa, sekä kuutena saarikohtaisena "
            "keskustelutilaisuutena. Ohjelmakauden loppuvuosina 2027-2030 painotus siirtyy selvityksistä "
            "kokeiluihin.\n"
            "\n"
            "Väliarvioinnin päähavainnot ovat seuraavat:\n"
            "\n"
            "• ympärivuotisen asumisen edellytykset ovat parantuneet kaikilla isoilla saarilla, mutta "
            "yhteysalusliikenteen vuorovälit koetaan liian pitkiksi erityisesti syys- ja kevätkaudella\n"
            "• pienten saarten palvelut nojaavat muutamaan ihmiseen, ja varahenkilöjärjestelyt puuttuvat\n"
            "• yhteistyö toimii opetuksessa, liikkumisessa ja -kokonaisuuksissa, joissa on yksi vastuutaho\n"
            "• tiedonkulku saarten välillä on parantunut, etenkin Kuusniemen ja Ulkoluodon suunnassa\n"
            "• rahoituksen pirstaleisuus hidastaa hankkeita\n"
            "\n"
            "Vastaajista kaksi kolmesta piti ohjelman tavoitteita yhä oikeina. Eniten muutosehdotuksia tuli "
            "kohtaan Asuminen ja palvelut, jossa toivottiin konkreettisia vastuita ja määräaikoja. Vapaissa "
            "vastauksissa nousivat esiin jätehuolto, laiturien kunto, etätyön edellytykset ja nuorten kesätyöt.\n"
            "\n"
            "Arvioinnin perusteella ohjelmaan ehdotetaan kolmea muutosta. Toimenpiteet kootaan viidestä luvusta "
            "kolmeen, jokaiselle toimenpiteelle nimetään vastuutaho ja varahenkilö, ja seuranta sidotaan kuntien "
            "talousarviovuoteen niin, että ohjausryhmä saa tilannekatsauksen aina syyskuun kokouksessaan. "
            "Muutokset eivät lisää kuntien maksuosuuksia ohjelmakauden aikana.\n"
            "\n"
            "Tarkistettu ohjelmaluonnos on ollut lausunnolla tammikuussa. Lausunnon antoivat Kivisalon kaupunki, "
            "Ulkoluodon kunta, Norrklobbs kommun ja Meriluoto-säätiö. Lausunnoissa pidettiin ohjelman rakennetta "
            "selkeänä. Norrklobb ja Meriluoto-säätiö toivoivat, että kaksikielisyys näkyisi jo ohjelman "
            "tavoitteissa eikä vasta toimenpiteissä, ja Ulkoluoto esitti, että liikennettä koskevista "
            "toimenpiteistä päätettäisiin vasta, kun talvikokeilun tulokset ovat käytettävissä."
        ),
    ),
    ItemReading(
        6,
        "Merellisten matkailureittien kehittämishanke",
        presenter="Elli Eskola",
        proposal=(
            "Ohjausryhmä puoltaa ylläpitosopimuksen hyväksymistä kunnissa ja pyytää hanketta tuomaan rakentamisen"
            " aikataulun seuraavaan kokoukseen."
        ),
        attachments=(
            AttachmentReading(4, "Ylläpitosopimuksen luonnos"),
            AttachmentReading(5, "Kustannusten jako kunnittain"),
        ),
        references=(EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (7§)", quoted=True),),
        rest=(
            "Hanke käynnistyi syksyllä 2026. Sen tavoitteena on koota saarten venereitit, melontareitit ja "
            "pyöräreitit yhdeksi kokonaisuudeksi, jota ylläpidetään yhdessä. Ohjausryhmä päätti hankkeen "
            "omarahoituksesta kokouksessaan\n"
            "16.4.2026 (7§) ja edellytti, että reittien ylläpidosta sovitaan ennen rakentamista.\n"
            "\n"
            "Hankkeen tilanne:\n"
            "\n"
            "• reittikartoitus on valmis kahdeksalla saarella\n"
            "• maanomistajasopimuksista on allekirjoitettu 23/31\n"
            "• rantautumispaikkojen rakennuslupahakemukset jätetään maaliskuussa kolmen kunnan alueella, loput "
            "syksyllä\n"
            "• opasteiden ilmeestä järjestetään äänestys alkukesän Saaristopäivän 9.6.2027 yhteydessä\n"
            "\n"
            "Hankkeen verkkosivut:\n"
            "\n"
            "https://reitit.example/hanke\n"
            "https://reitit.example/kartta?taso=venereitit&kieli=fi\n"
            "\n"
            "Ylläpitosopimuksen luonnos on liitteenä. Sopimuksen mukaan kunta vastaa alueellaan olevista "
            "rantautumispaikoista ja opasteista, ja yhdistykset voivat ottaa yksittäisiä reittiosuuksia "
            "hoidettavakseen. Kustannusten jako perustuu reittipituuteen.\n"
            "\n"
            "Aikataulu: sopimus kuntien päätettäväksi maalis–huhtikuussa, rakentaminen elokuusta 2027 alkaen, "
            "reittien avajaiset keväällä 2028.\n"
            "\n"
            "Riskejä ovat lupakäsittelyn viivästyminen ja rakennuskustannusten nousu. Hankkeen projektiryhmä "
            "seuraa niitä kuukausittain, ja ohjausryhmälle raportoidaan poikkeamista viipymättä."
        ),
    ),
    ItemReading(
        7,
        "Kansa-koulujen yhteistyösopimus",
        proposal="Ohjausryhmä antaa sopimuksesta puoltavan lausunnon.",
        handling=("Asia esitellään ja käydään lähetekeskustelu. Norrklobbin edustaja on pyytänyt asiassa puheenvuoron."),
        attachments=(AttachmentReading(6, "Yhteistyösopimus 2027–2030, neuvottelutulos"),),
        rest=(
            "Saarten kolme kansalaisopistoa ovat sopineet yhteisestä kurssitarjonnasta vuodesta 2019. Opistojen "
            "yhteinen nimi on Kansa-koulu. Nykyinen sopimus päättyy 31.7.2027, ja uusi sopimus on neuvoteltu "
            "rehtoreiden kesken. Muutokset nykyiseen verrattuna:\n"
            "\n"
            "• opettajien matka- ja majoituskulut jaetaan opiskelijamäärän eikä asukasluvun mukaan\n"
            "• ruotsinkielisten ryhmien vähimmäiskoko on kuusi opiskelijaa\n"
            "• verkko-opetuksen alustasta vastaa yksi Kansa-koulu kerrallaan kolmen vuoden ajan\n"
            "\n"
            "Sopimus tulee voimaan vain, jos kaikki kunnat hyväksyvät sen ennen 1.6.2027."
        ),
    ),
    ItemReading(
        8,
        "Vesiliikenteen talvikokeilu",
        presenter="Bo Backman",
        proposal="Jatketaan kokeilua huhtikuun loppuun.",
        decision=(
            "Ohjausryhmä päätti\n"
            "a) jatkaa kokeilua 30.4.2027 saakka,\n"
            "b) valita seurantaryhmään Ville Vuoren ja Siv Strandin sekä\n"
            "c) lähettää selvityksen kokeilun tuloksista tiedoksi jäsenkunnille."
        ),
        attachments=(
            AttachmentReading(5, "Kustannusten jako kunnittain"),
            AttachmentReading(7, "Matkustajamäärät tammikuussa 2027"),
        ),
        references=(
            EarlierReference(date(2026, 9, 17), 4, None, "17.9.2026 (4 §)"),
            EarlierReference(date(2026, 12, 3), 6, None, "3.12.2026 (6§)"),
        ),
        rest=(
            "Kokeilussa kaksi yhteysalusta ajaa tammi–maaliskuussa 2027 tihennettyä vuoroväliä reiteillä "
            "Kivisalo–Ulkoluoto ja Kuusniemi–Norrklobb. Matkustajamäärä kasvoi tammikuussa 38 % edellisvuodesta. "
            "Palautteessa kiitetään aamun ensimmäistä vuoroa, moititaan lauantain aikataulua.\n"
            "\n"
            "Työvaliokunta on kokoontunut 14.1.2027 ja valmistellut asian. Kokeilun jatkamisen kustannukset on "
            "laskettu liitteessä 5, jossa on myös reittien ylläpidon kuntaosuudet."
        ),
    ),
    ItemReading(
        9,
        "Viestintä ja tapahtumat 2027",
        proposal="Merkitään tiedoksi.",
        discussion="Jäsenet kertovat omista tapahtumistaan.",
        rest=(
            "Viestintäsuunnitelma on päivitetty. Siinä on otettu huomioon väliarvioinnin palaute: saarelaiset "
            "haluavat tietää päätöksistä ennen kuin ne tehdään, molemmilla kielillä ja muutenkin kuin verkossa. "
            "Uutta on saarten yhteinen uutiskirje, joka ilmestyy neljä kertaa vuodessa suomeksi ja ruotsiksi. "
            "Linja-autopysäkeille ja yhteysalusten salonkeihin tulee näyttö, jossa näkyvät seuraavat lähdöt.\n"
            "\n"
            "Tapahtumat:\n"
            "\n"
            "• Rantasiivousviikko 3.–9.5.2027\n"
            "• Meriseminaari 9.6.2027 Ulkoluodossa, järjestäjänä Luotoveden Yrittäjät ry\n"
            "• Venetsialaiset 28.8.2027\n"
            "\n"
            "Ohjelmat julkaistaan osoitteessa\n"
            "\n"
            "www.saaret.example/tapahtumat"
        ),
    ),
    ItemReading(
        10,
        "Muut asiat",
        rest=(
            "Ilmoitusasiat:\n"
            "\n"
            "• Luotoveden kuntayhtymän uusi hallintosääntö on tullut voimaan 1.1.2027\n"
            "• Niemen kylät ry hakee saarivahtia kaudelle 2027; hakuaika päättyy 28.2.2027\n"
            "• kyselyyn yhteysalusten esteettömyydestä voi vastata 15.3.2027 asti:\n"
            "https://kysely.example/esteettomyys\n"
            "• sihteeri on lomalla 22.–26.2.2027, sijaisena toimii suunnittelija Kerttu Malmi"
        ),
    ),
    ItemReading(
        11,
        "Seuraavat kokoukset ja kokouksen päättäminen",
        proposal="Hyväksytään kokousajat. Puheenjohtaja päättää kokouksen.",
        rest=(
            "Kevään ja syksyn kokousajat:\n"
            "\n"
            "to 15.4.2027, klo 10.00-12.00 (Teams)\n"
            "ti 8.6.2027, klo 10.00-12.00 (Teams)\n"
            "ma 16.9.2027, klo 10.00-12.00 (Teams)\n"
            "ke 10.11.2027, klo 11.30-13.30 (Teams)\n"
            "to 9.12.2027, klo 10.00-12.00 (Teams)"
        ),
    ),
)
SV = (
    ItemReading(
        1,
        "Mötets öppnande",
        proposal="Ordföranden öppnar mötet.",
    ),
    ItemReading(
        2,
        "Mötets laglighet och beslutförhet",
        proposal="Mötet konstateras lagligt sammankallat och beslutfört.",
        rest="Kallelsen har sänts per e-post 1.2.2027.",
    ),
    ItemReading(
        3,
        "Promemorian från föregående möte",
        proposal="Promemorian konstateras godkänd.",
        handling="Sekreteraren redogör för ändringen.",
        attachments=(AttachmentReading(1, "Promemoria 5/2026"),),
        rest=(
            "Promemorian från mötet 3.12.2026 sändes till ledamöterna 10.12.2026 med möjlighet att kommentera den"
            " senast 17.12.2026. En kommentar inkom. Den gällde ett namn i deltagarförteckningen."
        ),
    ),
    ItemReading(
        4,
        "Samarbetsavtalet för medborgarinstituten",
        presenter="Elli Eskola",
        proposal=("Styrgruppen\n1) ger ett förordande utlåtande om avtalet och\n2) ber instituten återkomma om prövoåret i juni 2028."),
        attachments=(
            AttachmentReading(2, "Samarbetsavtal 2027–2030"),
            AttachmentReading(3, "Kostnadsfördelning per kommun"),
        ),
        references=(EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (§ 7)"),),
        rest=(
            "Tre medborgarinstitut har sedan 2019 en gemensam kurskatalog. Nuvarande avtal upphör 31.7.2027. "
            "Avtalet innehåller dessa ändringar:\n"
            "\n"
            "• lärarnas rese- och logikostnader delas enligt antalet studerande\n"
            "• svenskspråkiga grupper får ha sex deltagare\n"
            "• ett institut i taget svarar för webb- och distansundervisningens plattform\n"
            "\n"
            "Läsåret 2027-2028 är ett prövoår."
        ),
    ),
    ItemReading(
        5,
        "Vinterförsöket i sjötrafiken",
        presenter="Bo Backman",
        decision=("Styrgruppen beslöt\na) fortsätta försöket till 30.4.2027 och\nb) välja Siv Strand till uppföljningsgruppen."),
        attachments=(AttachmentReading(3, "Kostnadsfördelning per kommun"),),
        references=(EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (7§)", quoted=True),),
        rest=(
            "Styrgruppen beslöt om försöket\n"
            "16.4.2026 (7§) på villkor att passagerarna räknas.\n"
            "\n"
            "Två förbindelsefartyg kör tätare turer i januari–mars. Resultaten presenteras på Skärgårdsdagen "
            "9.6.2027.\n"
            "\n"
            "https://trafik.example/vinter"
        ),
    ),
    ItemReading(
        6,
        "Övriga ärenden",
        rest=("• Havsseminariet 9.6.2027 ordnas på Ytterholm\n• den nya förvaltningsstadgan trädde i kraft 1.1.2027"),
    ),
    ItemReading(
        7,
        "Följande möten och avslutande",
        proposal="Mötestiderna godkänns. Ordföranden avslutar mötet.",
        rest=("tors 15.4.2027, kl. 10.00-12.00 (Teams)\ntis 8.6.2027, kl. 10.00-12.00 (Teams)"),
    ),
)
EN = (
    ItemReading(
        1,
        "Opening of the meeting",
        proposal="The chair opens the meeting.",
    ),
    ItemReading(
        2,
        "Legality of the meeting and quorum",
        proposal="The meeting is found lawfully called and quorate.",
        rest="The notice was sent by e-mail on 1 February 2027.",
    ),
    ItemReading(
        3,
        "Minutes of the previous meeting",
        proposal="The minutes are found approved.",
        handling="The secretary explains the change.",
        attachments=(AttachmentReading(1, "Minutes 5/2026"),),
        rest=(
            "The minutes of 3.12.2026 were sent to the members on 10.12.2026 for comments by 17.12.2026. One "
            "comment came. It concerned the spelling of a name in the list of those present."
        ),
    ),
    ItemReading(
        4,
        "Cooperation agreement of the folk schools",
        presenter="Elli Eskola",
        proposal=("The steering group\n1) supports the agreement and\n2) asks the schools to report on the trial year in June 2028."),
        attachments=(
            AttachmentReading(2, "Cooperation agreement 2027–2030"),
            AttachmentReading(3, "Costs by municipality"),
        ),
        references=(EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (7 §)"),),
        rest=(
            "Three folk schools have shared a catalogue of courses since 2019. The present agreement ends on "
            "31.7.2027. It would change as follows:\n"
            "\n"
            "• travel and lodging of teachers are divided by the number of students\n"
            "• Swedish-speaking groups may have six students\n"
            "• one school at a time looks after the platform for web- and distance teaching\n"
            "\n"
            "The school year 2027-2028 is a trial year."
        ),
    ),
    ItemReading(
        5,
        "Winter trial of the ferries",
        presenter="Bo Backman",
        decision=(
            "The steering group decided\na) to go on with the trial until 30.4.2027 and\nb) to elect Siv Strand to the follow-up group."
        ),
        attachments=(AttachmentReading(3, "Costs by municipality"),),
        references=(EarlierReference(date(2026, 4, 16), 7, None, "16.4.2026 (7 §)", quoted=True),),
        rest=(
            "The steering group decided on the trial\n"
            "16.4.2026 (7 §) on condition that passengers are counted.\n"
            "\n"
            "Two ferries run more often from January to March. The results will be shown at the Islands Seminar "
            "9.6.2027.\n"
            "\n"
            "https://traffic.example/winter"
        ),
    ),
    ItemReading(
        6,
        "Any other business",
        rest=("• the Archipelago Forum 9.6.2027 will be held on Outer Isle\n• the new administrative rules came into force on 1.1.2027"),
    ),
    ItemReading(
        7,
        "Next meetings and closing",
        proposal="The times are approved. The chair closes the meeting.",
        rest=("Thu 15 April 2027, 10:00-12:00 (Teams)\nTue 8 June 2027, 10:00-12:00 (Teams)"),
    ),
)
