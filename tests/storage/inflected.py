"""Words of meetings in the forms that minutes use, one word a line: those the rules were made with, and those they had not seen."""

from __future__ import annotations

SEEN = {
    "fi": """
tilinpäätös tilinpäätöksen tilinpäätöstä tilinpäätöksestä tilinpäätösten
hankinta hankinnan hankintaa hankinnasta hankintojen hankintoja
talousarvio talousarvion talousarviota talousarviosta talousarvioiden talousarvioon
päätös päätöksen päätöstä päätöksistä päätökset
avustus avustuksen avustusta avustukset avustuksia avustusten
lausunto lausunnon lausuntoa lausunnosta lausunnot lausuntojen
kunta kunnan kuntaa kuntien kunnat kunnille
lupa luvan lupaa luvat lupia luvasta
katu kadun katua kadulle katujen
tontti tontin tonttia tontit tontteja tontilla
hanke hankkeen hanketta hankkeet hankkeita hankkeiden
sopimus sopimuksen sopimusta sopimukset sopimuksia sopimuksesta
valinta valinnan valintaa valinnasta valintojen
satama sataman satamaa satamat satamien satamassa
koulu koulun koulua koulut koulujen kouluissa
vuokra vuokran vuokraa vuokrat vuokrien vuokrasta
raportti raportin raporttia raportit raportteja raportista
suunnitelma suunnitelman suunnitelmaa suunnitelmat suunnitelmia suunnitelmasta
jäsen jäsenen jäsentä jäsenet jäseniä jäsenten
edustaja edustajan edustajaa edustajat edustajia edustajien
määräraha määrärahan määrärahaa määrärahat määrärahoja määrärahojen
palkkio palkkion palkkiota palkkiot palkkioiden
strategia strategian strategiaa strategiat strategiasta
liikenne liikenteen liikennettä liikenteestä
saari saaren saarta saaret saaria saarten
silta sillan siltaa sillat siltojen sillalle
tuki tuen tukea tuet tukia tuesta
ohje ohjeen ohjetta ohjeet ohjeita ohjeiden
kaava kaavan kaavaa kaavat kaavoja kaavasta
tilintarkastaja tilintarkastajan tilintarkastajaa tilintarkastajat tilintarkastajien
hallinto hallinnon hallintoa hallinnosta hallintoon
toiminta toiminnan toimintaa toiminnasta toimintaan
mahdollisuus mahdollisuuden mahdollisuutta mahdollisuudet mahdollisuuksia
yleinen yleisen yleistä yleiset yleisiä
kokous kokouksen kokousta kokoukset kokouksia kokouksessa
energia energian energiaa energiasta
vesi veden vettä vedet vesien vedestä
ranta rannan rantaa rannat rantojen rannalla
kauppa kaupan kauppaa kaupat kauppoja kaupasta
virka viran virkaa virat virkoja virkaan
""",
    "sv": """
beslut besluten beslutet beslutets
protokoll protokollet protokollen protokolls
upphandling upphandlingen upphandlingar upphandlingarna upphandlingens
budget budgeten budgetar budgetens
bokslut bokslutet boksluten bokslutets
bidrag bidraget bidragen bidragets
avtal avtalet avtalen avtalets
kommun kommunen kommuner kommunerna kommunens
hamn hamnen hamnar hamnarna hamnens
skola skolan skolor skolorna skolans
plan planen planer planerna planens
rapport rapporten rapporter rapporterna
ledamot ledamoten ledamöter ledamöterna
tomt tomten tomter tomterna
ersättare ersättaren ersättarna
väg vägen vägar vägarna
anslag anslaget anslagen anslagets
strategi strategin strategier strategierna
tjänst tjänsten tjänster tjänsterna
utlåtande utlåtandet utlåtanden utlåtandena
bro bron broar broarna
hyra hyran hyror hyrorna
region regionen regioner regionens
projekt projektet projekten projektets
""",
    "en": """
budget budgets budgeting budgeted
report reports reported reporting
decision decisions
contract contracts contracted contracting
grant grants granted granting
policy policies
municipality municipalities
harbour harbours
member members
school schools
strategy strategies
proposal proposals
statement statements
committee committees
tender tenders tendering tendered
audit audits audited auditing
lease leases leased leasing
road roads
island islands
energy energies
""",
}

UNSEEN = {
    "fi": """
kokoontuminen kokoontumisen kokoontumista kokoontumisesta kokoontumiset
rakennus rakennuksen rakennusta rakennukset rakennuksia
asetus asetuksen asetusta asetukset asetuksessa
tarjous tarjouksen tarjousta tarjoukset tarjouksia tarjousten
kustannus kustannuksen kustannukset kustannuksia kustannusten
investointi investoinnin investointia investoinnit investointien
maksu maksun maksua maksut maksuja maksujen
vero veron veroa verot veroja
kirjasto kirjaston kirjastoa kirjastot kirjastojen
päiväkoti päiväkodin päiväkotia päiväkodit päiväkotien
terveys terveyden terveyttä terveydestä
asema aseman asemaa asemat asemien
puisto puiston puistoa puistot puistoja
metsä metsän metsää metsät metsien
tie tien tietä tiet teiden
laituri laiturin laituria laiturit laitureita
valtuusto valtuuston valtuustoa valtuustot valtuustojen
selvitys selvityksen selvitystä selvitykset selvityksiä
ehdotus ehdotuksen ehdotusta ehdotukset ehdotuksia
osallistuja osallistujan osallistujaa osallistujat osallistujien
palvelu palvelun palvelua palvelut palveluja palvelujen
kehittäminen kehittämisen kehittämistä kehittämiseen
aikataulu aikataulun aikataulua aikataulut aikataulujen
yhteistyö yhteistyön yhteistyötä yhteistyöstä
takaus takauksen takausta takaukset takauksia
osake osakkeen osaketta osakkeet osakkeiden
yhtiö yhtiön yhtiötä yhtiöt yhtiöiden
varasto varaston varastoa varastot varastojen
työryhmä työryhmän työryhmää työryhmät työryhmien
kanta kannan kantaa kannat kantojen
alue alueen aluetta alueet alueiden
vaali vaalin vaalia vaalit vaaleja vaalien
eläke eläkkeen eläkettä eläkkeet
henkilöstö henkilöstön henkilöstöä henkilöstöstä
viestintä viestinnän viestintää viestinnästä
""",
    "sv": """
byggnad byggnaden byggnader byggnaderna
förslag förslaget förslagen
ärende ärendet ärenden ärendena
möte mötet möten mötena
kostnad kostnaden kostnader kostnaderna
avgift avgiften avgifter avgifterna
skatt skatten skatter skatterna
bibliotek biblioteket biblioteken
daghem daghemmet daghemmen
park parken parker parkerna
skog skogen skogar skogarna
brygga bryggan bryggor bryggorna
utredning utredningen utredningar utredningarna
deltagare deltagaren deltagarna
tidtabell tidtabellen tidtabeller
borgen borgens
aktie aktien aktier aktierna
bolag bolaget bolagen
arbetsgrupp arbetsgruppen arbetsgrupper
område området områden områdena
val valet valen
pension pensionen pensioner
hälsa hälsan hälsans
station stationen stationer stationerna
verksamhet verksamheten verksamheter
""",
    "en": """
building buildings
meeting meetings
cost costs costing
fee fees
tax taxes taxed
library libraries
service services
share shares
company companies
election elections
guarantee guarantees guaranteed
investment investments
schedule schedules scheduled
offer offers offered
study studies studied
park parks
""",
}


def groups(text: str) -> list[tuple[str, ...]]:
    """The forms of each word."""
    return [tuple(line.split()) for line in text.strip().splitlines()]
