"""Who is meant by a cell: names, titles and organisations in whatever order they stand."""

from __future__ import annotations

import pytest

from meetings.reading.people import Cell, PersonReading, read_cell


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Aino Aalto", PersonReading("Aino Aalto")),
        ("Aino Aalto, rehtori, Niemen koulu", PersonReading("Aino Aalto", "rehtori", "Niemen koulu")),
        ("Niemen kunta, kunnanjohtaja Aino Aalto", PersonReading("Aino Aalto", "kunnanjohtaja", "Niemen kunta")),
        ("Rehtori Aino Aalto, Kansa-koulu", PersonReading("Aino Aalto", "Rehtori", "Kansa-koulu")),
        ("tekninen johtaja Aino Aalto", PersonReading("Aino Aalto", "tekninen johtaja")),
        ("Aino Aalto (Niemen yhdistys ry)", PersonReading("Aino Aalto", "", "Niemen yhdistys ry")),
        ("Aino Aalto Niemen kunta", PersonReading("Aino Aalto", "", "Niemen kunta")),
        ("Niemen kunta Aino Aalto", PersonReading("Aino Aalto", "", "Niemen kunta")),
        ("Aino Aalto (pj), Niemen kunta", PersonReading("Aino Aalto", "", "Niemen kunta", roles=("chair",))),
        ("Bo Berg, vice ordf., Norrklobbs kommun", PersonReading("Bo Berg", "", "Norrklobbs kommun", roles=("vice_chair",))),
        ("(Aino Aalto, virkavapaa)", PersonReading("Aino Aalto", on_leave=True)),
        ("Aino Aalto (virkavapaalla)", PersonReading("Aino Aalto", on_leave=True)),
        ("Carola af Segel, tjänstledig", PersonReading("Carola af Segel", on_leave=True)),
        ("Cia Clark (on leave), Cape Council", PersonReading("Cia Clark", "", "Cape Council", on_leave=True)),
        ("Aino Aalto <aino@niemi.example>", PersonReading("Aino Aalto", email="aino@niemi.example")),
        (
            "Aino Aalto, aino@niemi.example, aino@koti.example",
            PersonReading("Aino Aalto", "", "", "aino@niemi.example", rest="aino@koti.example"),
        ),
        # Surnames that end like an institution.
        ("Elli Eskola", PersonReading("Elli Eskola")),
        ("Elli Eskola, Niemen kylät ry", PersonReading("Elli Eskola", "", "Niemen kylät ry")),
        ("Nils Nystad, Borgå stad", PersonReading("Nils Nystad", "", "Borgå stad")),
        # An organisation that begins like a name, beside a name that stands by itself.
        (
            "Jorma Nymalm, Islet Water Entrepreneurs' Association",
            PersonReading("Jorma Nymalm", "", "Islet Water Entrepreneurs' Association"),
        ),
        ("Stig Lind, ordförande för byarådet", PersonReading("Stig Lind", "ordförande för byarådet")),
        ("Aino Aalto, Meriluoto", PersonReading("Aino Aalto", "", "Meriluoto")),
        ("Aino Aalto, puhelin 1234", PersonReading("Aino Aalto", "puhelin 1234")),
        ("Maj-Britt von der Pahlen-Strand", PersonReading("Maj-Britt von der Pahlen-Strand")),
        ("A. E. Aalto", PersonReading("A. E. Aalto")),
    ],
)
def test_one_person(text: str, person: PersonReading) -> None:
    assert read_cell(text) == Cell((person,))


@pytest.mark.parametrize("text", ["", "-", "–", "  ", "avoin", "(avoin)", "vakant", "ei nimetty", "vacant", "?"])
def test_an_empty_cell_has_nobody(text: str) -> None:
    assert read_cell(text) == Cell()


@pytest.mark.parametrize(
    ("text", "organisation"),
    [("Niemen kunta", "Niemen kunta"), ("Niemen kylät ry", "Niemen kylät ry"), ("rehtori, Niemen koulu", "Niemen koulu, rehtori")],
)
def test_a_cell_without_a_name_is_an_organisation(text: str, organisation: str) -> None:
    assert read_cell(text) == Cell((), organisation)


@pytest.mark.parametrize("text", ["Aino Aalto / Bo Berg", "Aino Aalto/Bo Berg", "Aino Aalto tai Bo Berg", "Aino Aalto or Bo Berg"])
def test_two_people_in_order(text: str) -> None:
    assert read_cell(text) == Cell((PersonReading("Aino Aalto"), PersonReading("Bo Berg")))


def test_two_people_share_the_organisation_after_them() -> None:
    people = (PersonReading("Aino Aalto", "", "Niemen kylät ry"), PersonReading("Bo Berg", "", "Niemen kylät ry"))
    assert read_cell("Aino Aalto / Bo Berg, Niemen kylät ry") == Cell(people)


def test_a_slash_between_other_words_parts_nobody() -> None:
    assert [one.name for one in read_cell("Aino Aalto, suunnittelija/tutkija").people] == ["Aino Aalto"]


@pytest.mark.parametrize(
    ("text", "names"), [("Aalto, Aino", ("Aino Aalto", "Aalto Aino")), ("Aino Aalto, Meri Saari", ("Aino Aalto", "Meri Saari"))]
)
def test_which_words_are_the_name_is_left_to_be_asked(text: str, names: tuple[str, ...]) -> None:
    assert read_cell(text).names == names
