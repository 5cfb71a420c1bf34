"""Lines and their breaks: what is joined, what stays apart, and which hyphens are real."""

from __future__ import annotations

import pytest

from meetings.reading.lines import Mark, fabric_of, flow, split_lines

# A text broken by hand at about sixty characters, for the width.
BROKEN = "Ohjausryhmä käsitteli asiaa kokouksessaan ja totesi, että se\netenee suunnitelman mukaan eikä muutoksia tarvita lainkaan nyt.\n\n"


def flowed(text: str, before: str = "") -> str:
    lines, _ = split_lines(before + text)
    start = before.count("\n")
    return flow(lines[start:], fabric_of(lines))[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kes-\nkustelu", "keskustelu"),
        ("kes\u00ad\nkustelu", "keskustelu"),
        ("Linja-\nautot", "Linja-autot"),
        ("2020-\n2022", "2020-2022"),
        ("2020–\n2022", "2020–2022"),
        ("EU-\nhanke", "EU-hanke"),
        ("Uusi-\nSaari", "Uusi-Saari"),
        ("maa-\nja metsätalous", "maa- ja metsätalous"),
        ("Kansa-koulu alkaa. Kansa-\nkoulun", "Kansa-koulu alkaa. Kansa-koulun"),
        ("Kansakoulu alkaa. Kansa-\nkoulun", "Kansakoulu alkaa. Kansakoulun"),
        ("kes-\n\n\nkustelu", "keskustelu"),
        ("kes-\n\nKustelu", "kes-\n\nKustelu"),
    ],
)
def test_hyphens_at_line_ends(text: str, shown: str) -> None:
    assert flowed(text) == shown


def test_a_hyphen_taken_out_is_a_mark_of_its_line() -> None:
    lines, _ = split_lines("A\nkes-\nkustelu")
    assert flow(lines, fabric_of(lines))[1] == (Mark("hyphen", "-", 1),)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ohjausryhmä päätti\n1) jatkaa hanketta ja\n2) lopettaa sen", "Ohjausryhmä päätti\n1) jatkaa hanketta ja\n2) lopettaa sen"),
        ("a) jatkaa hanketta seuraavaan vuoteen asti kaikilla saarilla\nb) lopettaa", None),
        ("to 15.4.2027, klo 10.00-12.00 (Teams ja kunnantalon sali)\nti 8.6.2027, klo 10.00-12.00 (Teams)", None),
        ("Aika      keskiviikko 10.2.2027 kello kymmenestä kahteentoista\npaikka     Kunnantalo", None),
        ("yhteysalukset kulkevat talvikokeilun aikana tihennetysti eli\nkerran tunnissa", "… eli kerran tunnissa"),
        ("yhteysalukset kulkevat talvikokeilun aikana, samoin\nlautat", "… samoin lautat"),
        ("Yhteysalukset kulkevat talvella tihennetysti ja tarkkaan jo\n16.4.2026 alkaen", "… jo 16.4.2026 alkaen"),
        ("Lyhyt rivi\nToinen rivi", "Lyhyt rivi\nToinen rivi"),
        ("yhteysalukset kulkevat talvikokeilun aikana tihennetysti ja\n\n\n\nlautat kuten ennen", "… ja lautat kuten ennen"),
        ("Ensimmäinen kappale.\n\nToinen kappale.", "Ensimmäinen kappale.\n\nToinen kappale."),
    ],
)
def test_a_line_broken_for_want_of_room_goes_on(text: str, shown: str | None) -> None:
    """None: as it is. `…` stands for the beginning of the text, so that the table can be read."""
    got = flowed(text, BROKEN)
    assert got == text.replace("\n\n\n\n", "\n") if shown is None else got.endswith(shown.removeprefix("… "))
    assert "\n" not in got or shown is None or "\n" in shown


def test_a_text_that_was_not_broken_by_hand_keeps_its_lines() -> None:
    text = "Todetaan kokouksen laillisuus ja päätösvaltaisuus sekä läsnäolijat.\nHyväksytään esityslista työjärjestykseksi."
    assert flowed(text) == text


@pytest.mark.parametrize("bullet", ["- ", "• ", "•", "\uf0b7 ", "– ", "* ", "▪\t"])
def test_bullets_are_shown_alike_and_their_hanging_lines_belong_to_them(bullet: str) -> None:
    assert flowed(f"Lista:\n{bullet}yksi\n{bullet}kaksi\n      jatkuu\n\nLoppu.", BROKEN) == "Lista:\n• yksi\n• kaksi jatkuu\n\nLoppu."


def test_links_keep_lines_of_their_own() -> None:
    assert flowed("Verkossa osoitteessa\nhttps://a.example/b-\nkatso", BROKEN) == "Verkossa osoitteessa\nhttps://a.example/b-\nkatso"


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("Alku\n2 (6)\n\fLoppu", (Mark("page", "2 (6)", 1),)),
        ("Alku\f\nSivu 3/6\nLoppu", (Mark("page", "Sivu 3/6", 2),)),
        ("Alku\n2 (6)\nLoppu", ()),
        ("Alku\f7 (6)\nLoppu", ()),
        ("saa\u00adri\u200b", (Mark("invisible", "\u00ad", 0), Mark("invisible", "\u200b", 0))),
    ],
)
def test_page_numbers_and_invisible_characters_are_no_text(text: str, marks: tuple[Mark, ...]) -> None:
    assert split_lines(text)[1] == marks
