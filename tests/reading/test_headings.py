"""Headings in all the forms they have in one and the same document."""

from __future__ import annotations

import pytest

from meetings.reading.agenda import read_agenda
from meetings.reading.headings import same_title


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("1§     Avaus\n\n2§  Talous\n\n3 § Muut\n\n§ 4 Lopetus", [(1, "Avaus"), (2, "Talous"), (3, "Muut"), (4, "Lopetus")]),
        ("§1. Avaus\n\n§ 2: Talous", [(1, "Avaus"), (2, "Talous")]),
        ("1 §\nAvaus\n\n2 §\n\nTalous", [(1, "Avaus"), (2, "Talous")]),
        ("1 § Saariston kehittämishanke ja\nsen rahoitus\n\n2 § Muut", [(1, "Saariston kehittämishanke ja sen rahoitus"), (2, "Muut")]),
        ("1 § Saariston kehittä-\nmishanke", [(1, "Saariston kehittämishanke")]),
        ("1 § Ohjelman tarkistus\nja jatko", [(1, "Ohjelman tarkistus ja jatko")]),
        ("1 § Avaus\nPuheenjohtaja avaa.", [(1, "Avaus")]),
        ("1. Avaus\n2. Talous\n   1. Tulot\n   2. Menot\n3. Muut", [(1, "Avaus"), (2, "Talous"), (3, "Muut")]),
        ("1. Avaus ja\n2. Talous", [(1, "Avaus ja"), (2, "Talous")]),
        ("1) Avaus\n2) Talous", [(1, "Avaus"), (2, "Talous")]),
        ("1 § Avaus\n1. Tulot\n2. Menot", [(1, "Avaus")]),
        ("1 § Avaus\nTeksti, joka\n7 §:n mukaan jatkuu", [(1, "Avaus")]),
        ("1 § Avaus\n16.4.2020 (7§)", [(1, "Avaus")]),
        ("1 § Avaus\nAsia on\n7 § momentissa", [(1, "Avaus")]),
        ("100 § Avaus\n\n101 § Talous", [(100, "Avaus"), (101, "Talous")]),
        ("Ei otsikoita", []),
    ],
)
def test_headings(text: str, titles: list[tuple[int, str]]) -> None:
    assert [(item.number, item.title) for item in read_agenda(text).items] == titles


@pytest.mark.parametrize(
    "contents",
    [
        "1 § Avaus\n2 § Talous ja raha\n3 § Muut asiat",
        "1 § Avaus ........ 1\n2 § Talous ja raha ..... 2\n3 § Muut asiat . . . . 3",
        "1. Avaus\n2. Talous ja raha\n3. Muut asiat",
        "- Avaus\n- Talous ja raha\n- Muut asiat",
        "Avaus\nTalous ja raha\nMuut asiat",
        "1 § Avaus\n2 § Talous\nja raha\n3 § Muut asiat",
    ],
)
def test_a_list_of_the_headings_opens_no_items(contents: str) -> None:
    reading = read_agenda(f"Lista\n\n{contents}\n\n1 § Avaus\nA.\n\n2 § Talous ja raha\nB.\n\n3 § Muut asiat\nC.")
    assert [(item.number, item.title, item.rest) for item in reading.items] == [
        (1, "Avaus", "A."),
        (2, "Talous ja raha", "B."),
        (3, "Muut asiat", "C."),
    ]
    assert (reading.preface, reading.contents, reading.questions) == ("Lista", contents, ())


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Avaus (esittelijä Aino Aalto)", ("Avaus", "Aino Aalto")),
        ("Avaus (föredragande: Bo Berg)", ("Avaus", "Bo Berg")),
        ("Avaus, presenter: Cia Clark", ("Avaus", "Cia Clark")),
        ("Avaus (esittelijä puuttuu", ("Avaus (esittelijä puuttuu", "")),
        ("Esittelijän valinta", ("Esittelijän valinta", "")),
    ],
)
def test_a_presenter_named_in_the_heading(title: str, read: tuple[str, str]) -> None:
    (item,) = read_agenda(f"1 § {title}").items
    assert (item.title, item.presenter) == read


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Kokouksen avaus", "Kokouksen  avaus.", True),
        ("Laillisuus ja päätösvaltaisuus", "Kokouksen laillisuus ja päätösvaltaisuus", True),
        ("Väliarviointi", "Väliarvioinnin tulokset", False),
        ("Talous", "Muut asiat", False),
    ],
)
def test_two_wordings_of_one_heading(one: str, other: str, *, same: bool) -> None:
    assert same_title(one, other) is same
