"""Rosters: the invented ones in full, rows of every kind, and the answers to what is asked."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meetings.reading.questions import NO_ANSWERS
from meetings.reading.roster import PersonReading, RosterReading, SeatReading, read_roster
from tests.reading.pasted import LANGUAGES, data

Row = tuple[str, str, tuple[str, ...], bool]


def rows(reading: RosterReading) -> list[Row]:
    """(organisation, member, deputies, on leave) of each seat."""
    return [
        (seat.organisation, seat.member.name if seat.member else "", tuple(one.name for one in seat.deputies), seat.member_on_leave)
        for seat in reading.seats
    ]


def asked(reading: RosterReading) -> list[tuple[str, int | None]]:
    return [(one.key.removeprefix("reading."), one.item) for one in reading.questions]


FI_SEATS: list[Row] = [
    ("Kivisalon kaupunki", "Maija Meri", ("Matti Maunula",), False),
    ("Norrklobbs kommun", "Bo Backman", ("Siv Strand",), False),
    ("Ulkoluodon kunta", "Pirkko Aallotar", ("Olli Haminalainen",), False),
    ("Kuusniemen kunta", "Kaisu Rantala", ("Teppo Lainekoski",), True),
    ("Pitkäluodon kunta", "Tero Satamainen", (), False),
    ("Lepäsaaren kunta", "Eeva-Liisa Kallioluoto", ("Janne Selkämaa",), False),
    ("Kansa-koulu", "Outi Niemeläinen", ("Petri Ojansuu",), False),
    ("Luotoveden ammattiopisto", "Kimmo Tuulimaa", ("Minna Lokkinen",), False),
    ("Skärgårdens gymnasium", "Carola af Segelholm", ("Lars-Erik Holmlund", "Ulrika Fagerö"), False),
    ("Saaristontutkimuksen säätiö", "Anneli Merituuli", (), False),
    ("Niemen kylät ry", "Elli Eskola", ("Sirpa Salokari", "Timo Halmelo"), False),
    ("", "Ville Vuori", ("Vesa Virta",), False),
    ("Luotoveden Yrittäjät ry", "", ("Jorma Nymalm",), False),
    ("Meriluoto-säätiö", "Hanna Ristiluoto", ("Kalle Pursimo",), False),
    ("Norrklobbs hembygdsförening rf", "Gun-Britt Åkerholm", ("Stig Lindgrund",), False),
    ("Majakan Vene Oy", "Juha-Pekka Majakka", ("Tiina Köysi",), False),
    ("Lepäsaaren kyläyhdistys ry", "", (), False),
    ("", "Riitta Kaislamo", ("Ahti Poijula",), False),
]


def test_the_roster_of_eighteen_seats() -> None:
    reading = read_roster(data("fi_roster"))
    assert rows(reading) == FI_SEATS
    assert [seat.group for seat in reading.seats] == ["KUNNAT"] * 6 + ["OPPILAITOKSET"] * 4 + ["JÄRJESTÖT JA YRITYKSET"] * 8
    assert {one.name: one.roles for seat in reading.seats if (one := seat.member) and one.roles} == {
        "Maija Meri": ("chair",),
        "Bo Backman": ("vice_chair",),
    }
    assert asked(reading) == [
        ("on_leave", 3),
        ("two_deputies", 8),
        ("two_deputies", 10),
        ("no_member", 12),
        ("seat_empty", 16),
    ]
    assert reading.experts == (
        PersonReading("Xenia Xylander", "", "Saaristotoimisto", "xenia.xylander@saaristo.example"),
        PersonReading("Mikael Farled", "yhteysalusliikenteen suunnittelija", "Luotoveden liikennekeskus"),
    )
    assert reading.officers == (
        PersonReading(
            "Aino Saarela", "kehittämispäällikkö", "Luotoveden kuntayhtymä", "aino.saarela@ohjausryhma.example", roles=("secretary",)
        ),
    )
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("language", "organisations"),
    [
        (
            "sv",
            ["Kivisalo stad", "Norrklobbs kommun", "Skärgårdens gymnasium", "Uddens byar rf", "", "Klobbvattnets Företagare rf"],
        ),
        (
            "en",
            [
                "City of Kivisalo",
                "Norrklobb Municipality",
                "Islands College",
                "Association of Cape Villages",
                "",
                "Islet Water Entrepreneurs' Association",
            ],
        ),
    ],
)
def test_smaller_rosters_in_the_other_languages(language: str, organisations: list[str]) -> None:
    reading = read_roster(data(f"{language}_roster"))
    assert rows(reading) == [
        (organisations[0], "Maija Meri", ("Matti Maunula",), False),
        (organisations[1], "Bo Backman", ("Siv Strand",), False),
        (organisations[2], "Carola af Segelholm", ("Lars-Erik Holmlund", "Ulrika Fagerö"), True),
        (organisations[3], "Elli Eskola", (), False),
        (organisations[4], "Ville Vuori", ("Vesa Virta",), False),
        (organisations[5], "", ("Jorma Nymalm",), False),
    ]
    assert asked(reading) == [("two_deputies", 2), ("on_leave", 2), ("no_member", 5)]
    assert [one.name for one in reading.experts] == ["Xenia Xylander"]
    assert [(one.name, one.roles) for one in reading.officers] == [("Aino Saarela", ("secretary",))]


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("Jäsen;Varajäsen;Organisaatio\nAino Aalto;Bo Berg;Niemen kunta", [("Niemen kunta", "Aino Aalto", ("Bo Berg",), False)]),
        ("Jäsen\tVarajäsen\nAino Aalto\tBo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Ledamöter;Suppleanter\nAino Aalto;Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Instans;Ordinarie;Suppleanter\nNäs kommun;Aino Aalto;Bo Berg", [("Näs kommun", "Aino Aalto", ("Bo Berg",), False)]),
        ("Ledamöter och personliga suppleanter\nAino Aalto   Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("| Jäsen | Varajäsen |\n|---|---|\n| Aino Aalto | Bo Berg |", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ('Member,Deputy,Organisation\nAino Aalto,Bo Berg,"Cape, Council"', [("Cape, Council", "Aino Aalto", ("Bo Berg",), False)]),
        ("Etunimi;Sukunimi;Varajäsen\nAino;Aalto;Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Jäsen      Varajäsen\nAino Aalto, rehtori, Niemen koulu", [("Niemen koulu", "Aino Aalto", (), False)]),
        ("Jäsen             Varajäsen\n                         Bo Berg", [("", "", ("Bo Berg",), False)]),
        ("Aino Aalto   Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Niemen kunta   Aino Aalto   Bo Berg", [("Niemen kunta", "Aino Aalto", ("Bo Berg",), False)]),
        ("Niemen kunta   Aino Aalto", [("Niemen kunta", "Aino Aalto", (), False)]),
        ("1. Aino Aalto\n2. Bo Berg", [("", "Aino Aalto", (), False), ("", "Bo Berg", (), False)]),
        ("Niemen kunta\nAino Aalto   Bo Berg", [("Niemen kunta", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto\t-\nBo Berg\tavoin", [("", "Aino Aalto", (), False), ("", "Bo Berg", (), False)]),
        ("Aino Aalto (varajäsen Bo Berg)", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto, rehtori, henkilökohtainen varajäsen: rehtori Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto, suppleant Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto, deputy Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Puheenjohtaja: Aino Aalto   Bo Berg", [("", "Aino Aalto", ("Bo Berg",), False)]),
    ],
)
def test_columns_of_every_kind(text: str, seats: list[Row]) -> None:
    assert rows(read_roster(text)) == seats


@pytest.mark.parametrize(
    ("text", "question", "answer", "seats"),
    [
        ("(Aino Aalto, virkavapaa)   Bo Berg", "r0.on_leave", "acting", [("", "Aino Aalto", ("Bo Berg",), False)]),
        ("Aino Aalto   Bo Berg / Cia Clark", "r0.two_deputies", "turned", [("", "Aino Aalto", ("Cia Clark", "Bo Berg"), False)]),
        ("Aino Aalto / Bo Berg   Cia Clark", "r0.two_members", "Bo Berg", [("", "Bo Berg", ("Aino Aalto", "Cia Clark"), False)]),
        ("–   Bo Berg", "r0.no_member", "member", [("", "Bo Berg", (), False)]),
        ("Aalto, Aino   Bo Berg", "r0m.which_name", "Aalto Aino", [("", "Aalto Aino", ("Bo Berg",), False)]),
        ("Aino Liisa Aalto Bo Berg", "r0.one_column", "Aino Liisa | Aalto Bo Berg", [("", "Aino Liisa", ("Aalto Bo Berg",), False)]),
        ("Aino Liisa Aalto Bo Berg", "r0.one_column", "Aino Liisa Aalto | Bo Berg", [("", "Aino Liisa Aalto", ("Bo Berg",), False)]),
    ],
)
def test_an_answer_changes_its_row(text: str, question: str, answer: str, seats: list[Row]) -> None:
    reading = read_roster(text, {question: answer})
    assert rows(reading) == seats
    assert [(one.id, one.answer, one.answered) for one in reading.questions if one.id == question] == [(question, answer, True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_changes_only_what_it_is_about(language: str) -> None:
    text = data(f"{language}_roster")
    before = read_roster(text)
    for question in before.questions:
        for choice in question.choices:
            after = read_roster(text, {question.id: choice.value})
            changed = {place for place, (a, b) in enumerate(zip(before.seats, after.seats, strict=True)) if a != b}
            assert changed <= {question.item}
            assert (changed == set()) is (choice.value == question.answer)
            assert (after.experts, after.officers, after.unread) == (before.experts, before.officers, before.unread)


def test_an_answer_that_is_no_choice_counts_as_not_given() -> None:
    text = "–   Bo Berg"
    assert read_roster(text, {"r0.no_member": "anything"}) == read_roster(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["no_seats"]),
        ("Tässä roster, terveisin sihteeri 12", ["no_seats"]),
        ("Aino Aalto   Bo Berg\nBo Berg   Cia Clark", ["twice"]),
        ("Jäsen;Varajäsen;Puhelin\nAino Aalto;Bo Berg;040 123", ["roster_unplaced"]),
        ("Asiantuntijat\nAino Aalto, aino@a.example, aalto@b.example", ["roster_unplaced"]),
    ],
)
def test_what_is_pointed_out(text: str, told: list[str]) -> None:
    assert [key for key, _ in asked(read_roster(text))] == told


def test_nobody_is_called_acting_or_chair_without_a_word() -> None:
    (seat,) = read_roster("Aino Aalto   Bo Berg").seats
    assert seat == SeatReading(
        "", "", PersonReading("Aino Aalto"), (PersonReading("Bo Berg"),), member_on_leave=False, source="Aino Aalto   Bo Berg"
    )


NAMES = st.sampled_from(["Aino Aalto", "Bo Berg", "Carola af Segel", "Elli Eskola", "Maj-Britt Nystad", "Aalto, Aino"])
CELLS = st.one_of(
    NAMES,
    st.builds("{}, rehtori, Niemen koulu".format, NAMES),
    st.builds("({}, virkavapaa)".format, NAMES),
    st.builds("{} / {}".format, NAMES, NAMES),
    st.builds("Niemen kunta, kunnanjohtaja {} (vpj) a@b.example".format, NAMES),
    st.sampled_from(["", "-", "avoin", "Niemen kunta", "KUNNAT", "Asiantuntijat", "Jäsen", "Varajäsen", "Sihteeri: Aino Aalto"]),
    st.text(max_size=20),
)
ROSTERS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12).flatmap(
    lambda rows: st.sampled_from(["\t", ";", "   ", " ", " | ", ","]).map(lambda mark: "\n".join(mark.join(row) for row in rows))
)


def lines(*parts: str) -> Counter[str]:
    return Counter(" ".join(part.split()) for part in parts if part.strip())


@settings(deadline=None)
@given(ROSTERS)
def test_every_line_is_in_the_reading_once(text: str) -> None:
    reading = read_roster(text)
    kept = lines(*(seat.source for seat in reading.seats), *reading.people_lines, *reading.headings, *reading.unread)
    assert kept == lines(*text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\ufeff", "").split("\n"))


@settings(deadline=None)
@given(ROSTERS)
def test_nobody_is_invented(text: str) -> None:
    reading = read_roster(text)
    people = [*reading.experts, *reading.officers]
    for seat in reading.seats:
        people += [*((seat.member,) if seat.member else ()), *seat.deputies]
    for one in people:
        assert all(word in text for word in one.name.split()), one
        assert not one.on_leave or "virkavapaa" in text
        assert not one.roles or "vpj" in text or "Sihteeri" in text


@settings(deadline=None)
@given(ROSTERS)
def test_the_same_text_is_read_the_same(text: str) -> None:
    assert read_roster(text) == read_roster(text, NO_ANSWERS)
