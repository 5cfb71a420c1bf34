"""Agendas: the invented meetings in full, the parts of items one by one, and what holds of any text."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import example, given, settings

from meetings.reading.agenda import AttachmentReading, EarlierReference, ItemReading, read_agenda
from tests.reading import expected
from tests.reading.pasted import LANGUAGES, TEXTS, data, lost_and_invented

ITEMS = {"fi": expected.FI, "sv": expected.SV, "en": expected.EN}
NOTHING: tuple[Counter[str], Counter[str]] = (Counter(), Counter())


def read_item(text: str) -> ItemReading:
    (item,) = read_agenda(f"1 § Asia\n\n{text}").items
    return item


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agenda_as_secretaries_write_it_is_read_in_full(language: str) -> None:
    assert read_agenda(data(f"{language}_agenda")).items == ITEMS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agenda_loses_nothing_and_invents_nothing(language: str) -> None:
    text = data(f"{language}_agenda")
    assert lost_and_invented(text, read_agenda(text)) == NOTHING


def test_a_heading_worded_differently_and_two_names_of_one_day_are_pointed_out() -> None:
    told = [(one.key, one.item, dict(one.params)) for one in read_agenda(data("fi_agenda")).questions]
    assert told == [
        (
            "reading.title_differs",
            1,
            {"number": 2, "contents": "Laillisuus ja päätösvaltaisuus", "heading": "Kokouksen laillisuus ja päätösvaltaisuus"},
        ),
        ("reading.two_names", 8, {"day": "9.6.2027", "first": "Saaristopäivän", "second": "Meriseminaari"}),
    ]


def test_what_stands_before_the_first_item_is_the_preface_and_the_list_of_headings_apart() -> None:
    reading = read_agenda(data("sv_agenda"))
    assert reading.preface == (
        "Skärgårdens styrgrupp                                         Föredragningslista 1/2027\n\n"
        "Tid      ons 10.2.2027 kl. 10.00–12.00\n"
        "Plats    Kivisalos stadshus, mötesrum Lotsen, och Teams\n"
        "https://teams.example/l/meetup-join/skargard-1-2027\n\nÄRENDEN"
    )
    assert reading.contents.splitlines()[3] == "§ 4 Samarbetsavtalet för medborgarinstituten"


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Esitys: Hyväksytään.", ItemReading(1, "Asia", proposal="Hyväksytään.")),
        ("   Esitys:\n   Hyväksytään.", ItemReading(1, "Asia", proposal="Hyväksytään.")),
        ("Päätösehdotus\nHyväksytään.", ItemReading(1, "Asia", proposal="Hyväksytään.")),
        ("Päätös\tOhjausryhmä päätti jatkaa.", ItemReading(1, "Asia", decision="Ohjausryhmä päätti jatkaa.")),
        ("Esitys päätökseksi : A.\nPäätös:", ItemReading(1, "Asia", proposal="A.")),
        ("Taustaa.\n\nKeskustelu: Puhuttiin.\n\nLisää.", ItemReading(1, "Asia", discussion="Puhuttiin.\n\nLisää.", rest="Taustaa.")),
        ("Esitys: A.\nEsitys: B.", ItemReading(1, "Asia", proposal="A.\n\nB.")),
        ("Esittelijä: Aino Aalto\nTaustaa.", ItemReading(1, "Asia", presenter="Aino Aalto", rest="Taustaa.")),
        ("Esittelijä:\nAino Aalto\nTaustaa.", ItemReading(1, "Asia", presenter="Aino Aalto", rest="Taustaa.")),
        ("päätös on kirjattu", ItemReading(1, "Asia", rest="päätös on kirjattu")),
        ("Läsnä: kaikki jäsenet", ItemReading(1, "Asia", rest="Läsnä: kaikki jäsenet")),
    ],
)
def test_labels_part_an_item(text: str, item: ItemReading) -> None:
    assert read_item(text) == item


@pytest.mark.parametrize(
    ("text", "attachments", "rest"),
    [
        ("Liite 1: Muistio", (AttachmentReading(1, "Muistio"),), ""),
        ("Liite 1 Muistio", (AttachmentReading(1, "Muistio"),), ""),
        ("Liitteet:\n1. Kartta\n2) Kulut", (AttachmentReading(1, "Kartta"), AttachmentReading(2, "Kulut")), ""),
        ("Liitteet: Kartta; Liite 3: Kulut", (AttachmentReading(None, "Kartta"), AttachmentReading(3, "Kulut")), ""),
        ("Liitteet:\n- Saariston reit-\ntikartta", (AttachmentReading(None, "Saariston reittikartta"),), ""),
        ("Liite 1: Kartta\nhttps://a.example/k", (AttachmentReading(1, "Kartta", "https://a.example/k"),), ""),
        ("Liite 1: Kartta\n\nhttps://a.example/k", (AttachmentReading(1, "Kartta"),), "https://a.example/k"),
        ("Liite 1: Kartta\n\nMuuta.", (AttachmentReading(1, "Kartta"),), "Muuta."),
        ("Bilagor:\nBilaga 2", (AttachmentReading(2, "Bilaga 2"),), ""),
        ("Kulut ovat liitteessä 5.", (), "Kulut ovat liitteessä 5."),
        ("liite 5 on salainen.", (), "liite 5 on salainen."),
    ],
)
def test_attachments(text: str, attachments: tuple[AttachmentReading, ...], rest: str) -> None:
    item = read_item(text)
    assert (item.attachments, item.rest) == (attachments, rest)


@pytest.mark.parametrize(
    ("text", "references", "rest"),
    [
        ("16.4.2020 (7§)", (EarlierReference(date(2020, 4, 16), 7, None, "16.4.2020 (7§)"),), ""),
        ("§ 7, 16.4.2020", (EarlierReference(date(2020, 4, 16), 7, None, "§ 7, 16.4.2020"),), ""),
        ("3/2020 § 7", (EarlierReference(None, 7, 3, "3/2020 § 7"),), ""),
        (
            "Aiempi käsittely: 16.4.2020 (7§) ja 3.12.2020 (5 §),",
            (
                EarlierReference(date(2020, 4, 16), 7, None, "16.4.2020 (7§)"),
                EarlierReference(date(2020, 12, 3), 5, None, "3.12.2020 (5 §)"),
            ),
            "",
        ),
        ("Aiempi käsittely: syksyllä", (EarlierReference(None, None, None, "syksyllä"),), ""),
        (
            "Asiasta päätettiin kokouksessa\n16.4.2020 (7§) yksimielisesti.",
            (EarlierReference(date(2020, 4, 16), 7, None, "16.4.2020 (7§)", quoted=True),),
            "Asiasta päätettiin kokouksessa\n16.4.2020 (7§) yksimielisesti.",
        ),
        (
            "Asiasta päätettiin kokouksessa\n16.4.2020 (7§).\nSen jälkeen jatkettiin.",
            (EarlierReference(date(2020, 4, 16), 7, None, "16.4.2020 (7§)", quoted=True),),
            "Asiasta päätettiin kokouksessa\n16.4.2020 (7§).\nSen jälkeen jatkettiin.",
        ),
        ("31.2.2020 (7§)", (EarlierReference(None, 7, None, "31.2.2020 (7§)"),), ""),
        ("Hallintosäännön 7 §:n mukaan.", (), "Hallintosäännön 7 §:n mukaan."),
    ],
)
def test_references_to_earlier_meetings(text: str, references: tuple[EarlierReference, ...], rest: str) -> None:
    item = read_item(text)
    assert (item.references, item.rest) == (references, rest)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", []),
        ("Kokouksen muistio", ["reading.no_items"]),
        ("1 § A\n\n1 § B", ["reading.number_repeated"]),
        ("1 § A\n\n3 § B", ["reading.number_gap"]),
        ("2 § A\n\n1 § B", ["reading.number_back"]),
        ("1 § A\nLiite 1: X\n\n2 § B\nLiite 1: Y", ["reading.attachment_two_titles"]),
        ("1 § A\nLiite 1: X\n\n2 § B\nLiite 2: X", ["reading.attachment_two_numbers"]),
        ("1 § A\nLiite 1: X\n\n2 § B\nLiite 1: X", []),
        ("1 § Avaus\n2 § Talous\n3 § Muut\n\n1 § Avaus\nX.\n\n2 § Talous\nY.", ["reading.only_in_contents"]),
        ("1 § A\nSaaristopäivä 9.6.2027.\n\n2 § B\nSaaristopäivän 9.6.2027 ohjelma.", []),
        ("1 § A\nSaaristopäivä 9.6.2027 ja Meriseminaari 10.6.2027.", []),
        ("1 § A\nThe Islands Seminar 9.6.2027.\n\n2 § B\nThe Archipelago Forum 9.6.2027.", ["reading.two_names"]),
    ],
)
def test_what_is_pointed_out(text: str, told: list[str]) -> None:
    assert [one.key for one in read_agenda(text).questions] == told


def test_a_text_without_headings_is_all_preface() -> None:
    reading = read_agenda("Hei!\n\nTässä tulee lista myöhemmin.")
    assert (reading.items, reading.preface) == ((), "Hei!\n\nTässä tulee lista myöhemmin.")


def test_a_memo_that_marks_no_outcome_has_none() -> None:
    item = read_item("Ohjausryhmä keskusteli ja oli yksimielinen. Läsnä olivat kaikki.")
    assert (item.proposal, item.handling, item.discussion, item.decision) == ("", "", "", "")
    assert item.rest == "Ohjausryhmä keskusteli ja oli yksimielinen. Läsnä olivat kaikki."


@settings(deadline=None)
@given(TEXTS)
@example("0.A\n0.OCH\n0.A")
@example(
    "1 § A (esittelijä N.N.)\nLiitteet:\n- Avtal; Bilaga 3: Karta https://a.example\n(liite 5)\n2 (3)\n\f"
    "Aiempi käsittely: 1.1.2020 (7§) ja 2.1.2020 (8§);"
)
def test_no_character_of_any_text_is_lost_or_invented(text: str) -> None:
    assert lost_and_invented(text, read_agenda(text)) == NOTHING


@settings(deadline=None)
@given(TEXTS)
def test_the_same_text_is_read_the_same(text: str) -> None:
    assert read_agenda(text) == read_agenda(text)


@settings(deadline=None)
@given(TEXTS)
def test_a_date_of_a_reference_is_in_the_text(text: str) -> None:
    for item in read_agenda(text).items:
        for one in item.references:
            assert one.day is None or f"{one.day.day}.{one.day.month}.{one.day.year}" in text


@settings(deadline=None)
@given(TEXTS)
def test_a_decision_is_read_only_where_one_is_labelled(text: str) -> None:
    labelled = any(word in text.casefold() for word in ("päätös", "beslut", "decision"))
    assert labelled or not any(item.decision for item in read_agenda(text).items)
