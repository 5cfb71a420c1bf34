"""An invented meeting of eleven items and eighteen seats, with everything a record can hold, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from meetings import model as m

ZONE = ZoneInfo("Europe/Helsinki")
DAY = date(2020, 5, 11)

FAMILY = ("Vuorenheimo", "Nummelin", "Kaskisaari", "Lindroos", "Meriläinen", "Saarikivi", "Ahlskog", "Pohjavirta", "Ekbohm")
GIVEN = ("Aino", "Kerttu", "Onni", "Maj-Britt", "Veikko", "Siiri", "Göran", "Tuulikki", "Åke")

TITLES = {
    "fi": (
        "Kokouksen avaus",
        "Laillisuus ja päätösvaltaisuus",
        "Esityslistan hyväksyminen",
        "Edellisen kokouksen pöytäkirja",
        "Ilmoitusasiat",
        "Saariston joukkoliikenteen palvelutaso ja yhteysalusten talviaikataulut 2020–2022",
        "Lausunto maakuntaohjelman luonnoksesta",
        "Koulukuljetusten hankinta",
        "Muut asiat",
        "Seuraavat kokoukset",
        "Kokouksen päättäminen",
    ),
    "sv": (
        "Mötets öppnande",
        "Laglighet och beslutförhet",
        "Godkännande av föredragningslistan",
        "Föregående mötes protokoll",
        "Meddelanden",
        "Servicenivån i skärgårdens kollektivtrafik och förbindelsefartygens vintertidtabeller 2020–2022",
        "Utlåtande om utkastet till landskapsprogram",
        "Upphandling av skolskjutsar",
        "Övriga ärenden",
        "Kommande möten",
        "Mötets avslutande",
    ),
    "en": (
        "Opening",
        "Legality and quorum",
        "Approval of the agenda",
        "Minutes of the previous meeting",
        "Announcements",
        "Level of service of public transport in the archipelago, and winter timetables of the ferries 2020–2022",
        "Statement on the draft regional programme",
        "Procurement of school transport",
        "Any other business",
        "Next meetings",
        "Closing",
    ),
}
NAMES = {"fi": "Saarten ohjausryhmä", "sv": "Skärgårdens styrgrupp", "en": "Steering Group of the Isles"}
STANDING = (
    m.Standing.OPENING,
    m.Standing.QUORUM,
    m.Standing.AGENDA,
    m.Standing.PREVIOUS_MINUTES,
    m.Standing.ANNOUNCEMENTS,
    m.Standing.NONE,
    m.Standing.NONE,
    m.Standing.NONE,
    m.Standing.OTHER_BUSINESS,
    m.Standing.NEXT_MEETING,
    m.Standing.CLOSING,
)
LONG = {
    "fi": (
        "Työryhmän puheenjohtaja esitteli selvityksen. Keskustelussa tuotiin esiin saariston liikenteen talvikausi, yhteysalusten "
        "aikataulut ja koulukuljetusten yhteensovittaminen. Jäsenet korostivat, että päätöksenteon on pohjauduttava "
        "ajantasaiseen tietoon ja että asukkaita kuullaan ennen jatkovalmistelua."
    ),
    "sv": (
        "Arbetsgruppens ordförande presenterade utredningen. I diskussionen lyftes fram skärgårdstrafikens vintersäsong, "
        "förbindelsefartygens tidtabeller och samordningen av skolskjutsarna. Ledamöterna betonade att beslutsfattandet ska "
        "grunda sig på aktuell information och att invånarna hörs före den fortsatta beredningen."
    ),
    "en": (
        "The chair of the working group presented the report. The discussion took up the winter season of the traffic in the archipelago, "
        "the timetables of the ferries and the coordination of school transport. The members stressed that decisions are to rest on "
        "current knowledge, and that residents are heard before the preparation goes on."
    ),
}


def at(clock: str, day: date = DAY) -> datetime:
    """A wall-clock time of the meeting's day as an instant."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=ZONE).astimezone(ZoneInfo("UTC"))


def people() -> dict[str, m.Person]:
    """`m1`…`m18`, their deputies `d1`…`d18`, `sec`, the expert `x`, and `new`, who took seat 9 on the meeting's day."""
    made = {}
    for n in range(1, 19):
        made[f"m{n}"] = f"{GIVEN[n % 9]} {FAMILY[(n * 2) % 9]}{'-' + FAMILY[(n * 5) % 9] if n % 6 == 0 else ''}"
        made[f"d{n}"] = f"{GIVEN[(n + 4) % 9]} {FAMILY[(n * 4 + 1) % 9]}"
    made |= {"sec": "Helvi Rautasalo", "x": "Ossi Ojanen", "new": "Lempi Uusitalo"}
    return {key: m.Person(id=key, tenant_id="tenant", name=name) for key, name in made.items()}


def body(language: str = "fi", **fields: object) -> m.Body:
    holdings = []
    for n in range(1, 19):
        if n == 9:
            holdings.append(m.Holding("h9", "body", "s9", "m9", m.Capacity.MEMBER, until=DAY - timedelta(days=1)))
            holdings.append(m.Holding("h9n", "body", "s9", "new", m.Capacity.MEMBER, since=DAY))
        elif n != 18:
            holdings.append(m.Holding(f"h{n}", "body", f"s{n}", f"m{n}", m.Capacity.MEMBER, on_leave=n == 12))
        if n not in {7, 18}:
            holdings.append(m.Holding(f"g{n}", "body", f"s{n}", f"d{n}", m.Capacity.DEPUTY, 1))
        if n == 3:
            holdings.append(m.Holding("g3b", "body", "s3", "d18", m.Capacity.DEPUTY, 2))
    made = m.Body(
        id="body",
        tenant_id="tenant",
        name=NAMES[language],
        channel_id="channel",
        languages=(language,),
        secretary_id="sec",
        chair_id="m1",
        vice_chair_id="m2",
        seats=tuple(
            m.Seat(f"s{n}", "body", n, f"{('Kala', 'Luoto', 'Selkä', 'Ulko')[n % 4]}saaren kehittämisyhdistys ry") for n in range(1, 19)
        ),
        holdings=tuple(holdings),
        experts=(m.Expert("e", "body", "x", "Saaristotoimisto"),),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Body by name


def meeting(language: str = "fi", **fields: object) -> m.Meeting:
    """Held 11.5.2020, 10.00–12.04: 15 of 18 seats filled at the roll call, one arrival, one short absence, a jäv, a vote, a dissent."""
    long = LONG[language]
    items = []
    for place, (title, standing) in enumerate(zip(TITLES[language], STANDING, strict=True), start=1):
        ordinary = standing is m.Standing.NONE
        items.append(
            m.Item(
                id=f"i{place}",
                meeting_id="meeting",
                position=place,
                title=title,
                section=place,
                standing=standing,
                presenter="Helvi Rautasalo" if ordinary else "",
                proposal=f"{long}\n- {TITLES[language][0]}\n- {TITLES[language][1]}" if ordinary else "",
                handling=f"{long}\n\n{long} {long}" if ordinary else "",
                discussion=f"{long} {long}" if ordinary else "",
                decision=long if place == 7 else "",
                outcome=m.Outcome.AS_PROPOSED if ordinary or place == 3 else m.Outcome.NOTED if place in {4, 5} else m.Outcome.NONE,
            )
        )
    signs = {f"m{n}": m.Sign.PRESENT for n in range(1, 15)} | {
        "new": m.Sign.PRESENT,
        "d12": m.Sign.PRESENT,
        "d15": m.Sign.PRESENT,
        "x": m.Sign.PRESENT,
    }
    signs |= {"sec": m.Sign.PRESENT, "m15": m.Sign.EXCUSED, "m16": m.Sign.LATE, "m17": m.Sign.ABSENT}
    del signs["m9"], signs["m12"]
    made = m.Meeting(
        id="meeting",
        body_id="body",
        number=4,
        year=2020,
        day=DAY,
        start=time(10),
        end=time(12),
        place="Kunnantalo",
        online=True,
        phase=m.Phase.CLOSED,
        published_at=at("09:00", date(2020, 5, 4)),
        opened_at=at("10:00"),
        roll_closed_at=at("10:05"),
        closed_at=at("12:04"),
        presiding_id="m1",
        items=tuple(items),
        attachments=(
            m.Attachment("a1", "meeting", 1, "Selvitys 2020", "https://example.org/selvitys/2020", ("i6", "i7")),
            m.Attachment("a2", "meeting", 2, "Budget 2021", "", ("i8",)),
        ),
        attendances=tuple(m.Attendance(f"t{key}", "meeting", key, sign) for key, sign in signs.items()),
        movements=(
            m.Movement("v1", "meeting", "m16", m.Direction.ARRIVED, at("10:33"), "i6"),
            m.Movement("v2", "meeting", "m4", m.Direction.LEFT, at("10:42"), "i6"),
            m.Movement("v3", "meeting", "m4", m.Direction.ARRIVED, at("10:48"), "i6"),
        ),
        disqualifications=(m.Disqualification("q", "meeting", "i8", "m5", "hallituksen jäsen", at("11:05"), at("11:20"), "d5"),),
        votes=(m.Vote("o", "meeting", "i8", "Asia palautetaan", 9, 5, 1),),
        dissents=(m.Dissent("r", "meeting", "i8", "m6", "Kustannukset selvitetään ensin."),),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Meeting by name


def upcoming() -> tuple[m.Meeting, ...]:
    return (
        m.Meeting("next", "body", 5, 2020, date(2020, 6, 1), time(11, 30), time(13, 30), online=True),
        m.Meeting("gone", "body", 6, 2020, date(2020, 8, 1), time(10), phase=m.Phase.CANCELLED),
    )
