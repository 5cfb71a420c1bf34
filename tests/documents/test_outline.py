"""What minutes and agendas say, in order and in the stock sentences, in three languages; and that both files say all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from documents import blocks as b
from documents.docx import render_docx
from documents.outline import agenda_doc, minutes_doc
from documents.pdf import render_pdf
from meetings import model as m
from tests.documents import sample
from tests.documents.reading import even, pdf_text, texts, word_texts

LANGUAGES = ("fi", "sv", "en")


def minutes(language: str = "fi", body: m.Body | None = None, **fields: object) -> b.MinutesDoc:
    return minutes_doc(body or sample.body(language), sample.meeting(language, **fields), sample.people(), upcoming=sample.upcoming())


def under(made: b.MinutesDoc, number: str) -> list[str]:
    """The texts between an item's heading and the next heading."""
    found: list[str] = []
    inside = False
    for block in made.blocks:
        if isinstance(block, b.Section | b.Heading):
            inside = isinstance(block, b.Section) and block.number == number
        elif inside:
            found += texts(replace(made, blocks=(block,)))
    return found


def attendance(made: b.MinutesDoc) -> b.AttendanceTable:
    return next(block for block in made.blocks if isinstance(block, b.AttendanceTable))


def approval(made: b.MinutesDoc) -> tuple[str, ...]:
    return next((block.paragraphs for block in made.blocks if isinstance(block, b.Approval)), ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_files_say_everything_in_the_same_order(language: str) -> None:
    made = minutes(language)
    paper, word = pdf_text(render_pdf(made)), even(" ".join(word_texts(render_docx(made))))
    for said in (paper, word):
        position = 0
        squeezed = said.replace("\u00ad", "").replace(" ", "").replace("-", "")
        for text in texts(made):
            wanted = text.replace(" ", "").replace("-", "")
            # A page break puts a footer and a header into the middle of a long text.
            place = squeezed.find(wanted[:40], position)
            assert place >= 0, text
            position = place
    for text in texts(made):
        assert text in word


@pytest.mark.parametrize(
    ("language", "opened", "quorate", "closed"),
    [
        (
            "fi",
            "Puheenjohtaja avasi kokouksen klo 10.00.",
            "Todettiin kokous laillisesti koolle kutsutuksi ja päätösvaltaiseksi (läsnä 15/18).",
            "Puheenjohtaja päätti kokouksen klo 12.04.",
        ),
        (
            "sv",
            "Ordföranden öppnade mötet kl. 10.00.",
            "Mötet konstaterades vara lagligt sammankallat och beslutfört (närvarande 15/18).",
            "Ordföranden avslutade mötet kl. 12.04.",
        ),
        (
            "en",
            "The chair opened the meeting at 10:00.",
            "The meeting was found lawfully called and quorate (present 15/18).",
            "The chair closed the meeting at 12:04.",
        ),
    ],
)
def test_opening_quorum_and_closing_stand_in_their_items(language: str, opened: str, quorate: str, closed: str) -> None:
    made = minutes(language)
    first, second, last = (f"{n} §" if language == "fi" else f"§ {n}" for n in (1, 2, 11))
    assert [under(made, number) for number in (first, second, last)] == [[opened], [quorate], [closed]]


def test_a_sentence_the_secretary_wrote_is_not_said_twice() -> None:
    written = "Puheenjohtaja avasi kokouksen klo 10.00."
    items = sample.meeting().items
    made = minutes(
        items=(replace(items[0], handling=f"{written} Tervetuloa!"), replace(items[2], decision="Päätettiin esityksen mukaan."), *items[3:])
    )
    assert under(made, "1 §") == ["Käsittely:", f"{written} Tervetuloa!"]
    assert under(made, "3 §") == ["Päätös:", "Päätettiin esityksen mukaan."]


def test_without_opening_and_closing_items_the_sentences_stand_around_the_rest() -> None:
    made = minutes(items=(sample.meeting().items[6],))
    said = texts(made)
    assert (
        said.index("Puheenjohtaja avasi kokouksen klo 10.00.") < said.index("7 §") < said.index("Puheenjohtaja päätti kokouksen klo 12.04.")
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fi",
            [
                (
                    "Siiri Nummelin ilmoitti olevansa esteellinen (hallituksen jäsen) ja poistui asian käsittelyn ajaksi klo 11.05–11.20; "
                    "tilalla varajäsen Aino Lindroos."
                ),
                "Äänestyksessä esitys sai 9 ääntä ja vastaehdotus 5 ääntä, tyhjiä 1.",
                "Göran Lindroos-Lindroos ilmoitti päätökseen eriävän mielipiteen.",
            ],
        ),
        (
            "sv",
            [
                (
                    "Siiri Nummelin anmälde jäv (hallituksen jäsen) och avlägsnade sig under behandlingen kl. 11.05–11.20; "
                    "i stället ersättaren Aino Lindroos."
                ),
                "Vid omröstningen fick förslaget 9 röster och motförslaget 5, blanka 1.",
                "Göran Lindroos-Lindroos anmälde avvikande mening.",
            ],
        ),
    ],
)
def test_disqualification_vote_and_dissent_in_stock_sentences(language: str, said: list[str]) -> None:
    found = under(minutes(language), "8 §" if language == "fi" else "§ 8")
    assert [text for text in found if text in said] == said


def test_a_single_vote_and_a_tie_read_as_finnish() -> None:
    tie = m.Vote("o", "meeting", "i8", "", 1, 1, 0, secret=True, chair_choice=m.Choice.AGAINST)
    found = under(minutes(votes=(tie,)), "8 §")
    start = found.index("Äänestys:")
    assert found[start + 1 : start + 4] == [
        "Äänestys toimitettiin suljettuna.",
        "Äänestyksessä esitys sai 1 äänen ja vastaehdotus 1 äänen, tyhjiä 0.",
        "Äänet menivät tasan, ja puheenjohtajan ääni ratkaisi asian vastaehdotuksen hyväksi.",
    ]


def test_comings_and_goings_stand_in_the_item_they_fell_in() -> None:
    found = under(minutes(), "6 §")
    start = found.index("Käsittely:")
    assert found[start + 1 : start + 3] == ["Tuulikki Saarikivi saapui klo 10.33.", "Veikko Ekbohm oli poissa klo 10.42–10.48."]


@pytest.mark.parametrize(
    ("outcome", "fi", "sv"),
    [
        (m.Outcome.AS_PROPOSED, "Päätettiin esityksen mukaan.", "Beslöts enligt förslaget."),
        (m.Outcome.NOTED, "Merkittiin tiedoksi.", "Antecknades för kännedom."),
        (m.Outcome.TABLED, "Asia jätettiin pöydälle.", "Ärendet bordlades."),
        (m.Outcome.SENT_BACK, "Asia palautettiin valmisteltavaksi.", "Ärendet återremitterades för ny beredning."),
    ],
)
def test_outcomes_in_stock_sentences(outcome: m.Outcome, fi: str, sv: str) -> None:
    item = replace(sample.meeting().items[3], outcome=outcome, decision="Lisäksi näin.")
    assert under(minutes("fi", items=(item,)), "4 §") == ["Päätös:", fi, "Lisäksi näin."]
    assert under(minutes("sv", items=(item,)), "§ 4") == ["Beslut:", sv, "Lisäksi näin."]


def test_every_outcome_has_its_sentence_in_every_language() -> None:
    item = sample.meeting().items[3]
    for language in LANGUAGES:
        said = {
            under(minutes(language, items=(replace(item, outcome=one),)), "4 §" if language == "fi" else "§ 4")[-1]
            for one in m.Outcome
            if one is not m.Outcome.NONE
        }
        assert len(said) == len(m.Outcome) - 1


def test_presence_is_told_seat_by_seat() -> None:
    rows = attendance(minutes()).rows
    assert [(row.member, row.deputy, row.presence) for row in (rows[0], rows[2], rows[3], *rows[11:])] == [
        ("Kerttu Kaskisaari, puheenjohtaja", "Siiri Saarikivi", "läsnä"),
        ("Maj-Britt Ahlskog", "Tuulikki Meriläinen\nVeikko Nummelin", "läsnä"),
        ("Veikko Ekbohm", "Åke Ekbohm", "läsnä, poistui klo 10.42 (6 §), saapui klo 10.48 (6 §)"),
        ("Maj-Britt Ahlskog-Ahlskog (virkavapaalla)", "Tuulikki Meriläinen", "varajäsen läsnä"),
        ("Veikko Ekbohm", "Åke Ekbohm", "läsnä"),
        ("Siiri Nummelin", "Aino Lindroos", "läsnä"),
        ("Göran Lindroos", "Kerttu Pohjavirta", "varajäsen läsnä\njäsen ilmoittanut esteestä"),
        ("Tuulikki Saarikivi", "Onni Kaskisaari", "läsnä, saapui klo 10.33 (6 §)"),
        ("Åke Pohjavirta", "Maj-Britt Ahlskog", "poissa"),
        ("avoinna", "", "–"),
    ]


@pytest.mark.parametrize(
    ("signs", "shown"),
    [
        ({"m15": m.Sign.EXCUSED, "m17": m.Sign.ABSENT, "d15": m.Sign.PRESENT}, ["varajäsen läsnä\njäsen ilmoittanut esteestä", "poissa"]),
        ({"m15": m.Sign.PRESENT, "m17": m.Sign.ABSENT, "d15": m.Sign.PRESENT}, ["läsnä", "varajäsen Kerttu Pohjavirta läsnä"]),
        ({"m15": m.Sign.PRESENT, "m17": m.Sign.PRESENT, "d15": m.Sign.PRESENT}, ["läsnä\nvarajäsen läsnä", "läsnä"]),
        ({"m15": m.Sign.PRESENT, "m17": m.Sign.ABSENT, "m16": m.Sign.PRESENT}, ["läsnä", "poissa"]),
    ],
    ids=["deputy of two empty seats", "of the empty one", "of none", "member elsewhere"],
)
def test_a_deputy_of_several_seats_is_one_voice_in_the_table_as_in_the_quorum(signs: dict[str, m.Sign], shown: list[str]) -> None:
    extra = tuple(m.Holding(f"x{one}", "body", "s17", one, m.Capacity.DEPUTY, 3) for one in ("d15", "m16"))
    body = replace(sample.body(), holdings=(*sample.body().holdings, *extra))
    attendances = tuple(m.Attendance(f"t{key}", "meeting", key, sign) for key, sign in signs.items())
    made = minutes(body=body, attendances=attendances, movements=(), disqualifications=())
    rows = attendance(made).rows
    assert [rows[14].presence, rows[16].presence] == shown
    filled = sum("läsnä" in row.presence for row in rows)
    assert f"(läsnä {filled}/18)" in under(made, "2 §")[0]


def test_a_memo_that_marks_nobody_present_has_no_presence() -> None:
    made = minutes(attendances=(), movements=(), opened_at=None, roll_closed_at=None, closed_at=None)
    assert {row.presence for row in attendance(made).rows} == {"ei merkitty", "–"}
    assert "Muut läsnäolijat:" not in texts(made)
    assert not any("läsnä " in text for text in texts(made))


def test_old_minutes_show_who_held_the_seat_then() -> None:
    earlier = sample.DAY - timedelta(days=30)
    assert attendance(minutes(day=earlier)).rows[8].member == sample.people()["m9"].name
    assert attendance(minutes()).rows[8].member == "Lempi Uusitalo"


def test_roster_changes_since_the_last_meeting_are_told() -> None:
    assert under(minutes(), "5 §")[:2] == [
        "Jäsenmuutokset:",
        "Luotosaaren kehittämisyhdistys ry: uusi jäsen Lempi Uusitalo 11.5.2020 alkaen (edellinen Aino Vuorenheimo)",
    ]
    later = sample.meeting(day=sample.DAY + timedelta(days=21))
    told = minutes_doc(sample.body(), later, sample.people(), previous=sample.meeting(day=sample.DAY - timedelta(days=30)))
    assert "Jäsenmuutokset:" in texts(told)
    silent = minutes_doc(sample.body(), later, sample.people(), previous=sample.meeting())
    assert "Jäsenmuutokset:" not in texts(silent)


def test_next_dates_stand_in_their_item_without_the_cancelled_one() -> None:
    assert under(minutes(), "10 §") == ["Ajat:", "ma 1.6.2020 klo 11.30–13.30 (Teams)"]
    assert under(minutes("sv"), "§ 10") == ["Tider:", "må 1.6.2020 kl. 11.30–13.30 (Teams)"]


def _sent(number: int = 1, hour: time | None = None, result: m.RoundResult = m.RoundResult.RUNNING) -> m.Round:
    return m.Round(f"r{number}", "meeting", number, sample.at("15:00"), date(2020, 5, 18), hour, "Europe/Helsinki", result)


@pytest.mark.parametrize(
    ("language", "formal", "said"),
    [
        ("fi", False, "Kommentit viimeistään 18.5.2020; ellei muutosesityksiä tule, muistio katsotaan hyväksytyksi."),
        ("sv", False, "Kommentarer senast 18.5.2020; om inga ändringsförslag inkommer anses promemorian godkänd."),
        ("fi", True, "Kommentit viimeistään 18.5.2020; ellei muutosesityksiä tule, pöytäkirja katsotaan hyväksytyksi."),
    ],
)
def test_a_tacit_round_cites_the_rule(language: str, formal: bool, said: str) -> None:
    made = minutes(language, sample.body(language, formal=formal), rounds=(_sent(),), phase=m.Phase.REVIEW)
    assert approval(made) == (said,)


def test_the_bodys_own_rule_is_cited_beside_it_and_the_stock_one_only_once() -> None:
    own = sample.body(approval_rule="Hallintosääntö 12 §: pöytäkirja kiertää viikon.")
    assert approval(minutes(body=own, rounds=(_sent(),)))[0] == "Hallintosääntö 12 §: pöytäkirja kiertää viikon."
    stock = sample.body(approval_rule="Kommentit määräaikaan mennessä; ellei muutosesityksiä tule, pöytäkirja katsotaan hyväksytyksi.")
    assert len(approval(minutes(body=stock, rounds=(_sent(),)))) == 1
    assert approval(minutes(body=stock)) == (stock.approval_rule,)


def test_checkers_and_next_meeting_do_not_speak_of_silence() -> None:
    for way in (m.Approval.CHECKERS, m.Approval.NEXT_MEETING):
        assert approval(minutes(body=sample.body(approval=way), rounds=(_sent(),))) == ("Kommentit viimeistään 18.5.2020.",)


def test_status_follows_the_life_of_the_minutes() -> None:
    approved: dict[str, Any] = {
        "approved_at": sample.at("00:00", date(2020, 5, 19)),
        "approved_how": m.Approval.TACIT,
        "phase": m.Phase.APPROVED,
    }
    assert minutes().status == "Luonnos"
    assert minutes(rounds=(_sent(2, time(12)),)).status == "Kommentoitavana, versio 2; kommentit viimeistään 18.5.2020 klo 12.00"
    done = minutes(rounds=(_sent(result=m.RoundResult.APPROVED),), **approved)
    assert done.status == "Hyväksytty 19.5.2020"
    assert approval(done)[-1] == "Pöytäkirja katsottiin hyväksytyksi 19.5.2020, kun määräaika päättyi eikä muutosesityksiä ollut avoinna."
    assert minutes("sv", sample.body("sv", formal=False), **approved).status == "Godkänd 19.5.2020"


def test_signatures_of_a_formal_record_and_the_writer_of_a_memo() -> None:
    checked = minutes(body=sample.body(approval=m.Approval.CHECKERS, checker_ids=("m3",)))
    signed = next(block for block in checked.blocks if isinstance(block, b.Signatures))
    assert [(one.name, one.role) for one in signed.signers] == [
        ("Kerttu Kaskisaari", "puheenjohtaja"),
        ("Helvi Rautasalo", "pöytäkirjanpitäjä"),
        ("Maj-Britt Ahlskog", "pöytäkirjantarkastaja"),
    ]
    memo = minutes(body=sample.body(formal=False))
    assert (memo.name, texts(memo)[-1]) == ("Muistio", "Muistion laati Helvi Rautasalo.")


def test_an_attachment_of_two_items_is_listed_in_both_and_once_at_the_end() -> None:
    made = minutes()
    assert ["Liite 1: Selvitys 2020" in under(made, number) for number in ("6 §", "7 §", "8 §")] == [True, True, False]
    rows = next(block.rows for block in made.blocks if isinstance(block, b.Attachments))
    assert [(row.label, row.title, row.link) for row in rows] == [
        ("Liite 1", "Selvitys 2020", "https://example.org/selvitys/2020"),
        ("Liite 2", "Budget 2021", ""),
    ]


def test_an_agenda_has_proposals_and_nothing_of_the_record() -> None:
    made = agenda_doc(sample.body(), sample.meeting(phase=m.Phase.PUBLISHED, opened_at=None, closed_at=None), sample.people())
    assert (made.name, made.status, made.kind) == ("Esityslista", "Julkaistu 4.5.2020", "agenda")
    assert texts(made)[:4] == ["Aika", "ma 11.5.2020 klo 10.00–12.00", "Paikka", "Kunnantalo ja Teams"]
    assert not {"Päätös:", "Käsittely:", "Keskustelu:", "Läsnäolijat"} & set(texts(made))
    assert "Esitys:" in under(made, "6 §")


def test_a_changed_agenda_shows_its_changes_and_a_withdrawn_item_keeps_its_number() -> None:
    items = list(sample.meeting().items)
    items[5] = replace(items[5], changed_at=sample.at("12:00", date(2020, 5, 6)))
    items[6] = replace(items[6], outcome=m.Outcome.WITHDRAWN)
    published = sample.meeting(phase=m.Phase.PUBLISHED, opened_at=None, items=tuple(items))
    made = agenda_doc(sample.body(), published, sample.people())
    assert made.status == "Julkaistu 4.5.2020, muutettu 6.5.2020"
    assert under(made, "6 §")[-1] == "Muutettu esityslistan julkaisemisen jälkeen."
    assert under(made, "7 §")[-1] == "Asia vedettiin pois esityslistalta."


def test_text_that_could_not_be_placed_stays_with_its_item() -> None:
    item = replace(sample.meeting().items[2], rest="Irrallinen rivi\n- ja kohta", outcome=m.Outcome.NONE)
    made = minutes(items=(item,))
    assert under(made, "3 §") == ["Selostus:", "Irrallinen rivi", "ja kohta"]


def test_a_person_nobody_knows_is_a_dash() -> None:
    made = minutes_doc(sample.body(), sample.meeting(), {})
    assert attendance(made).rows[0].member == "–, puheenjohtaja"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Uusi silta avattiin.\nSeminaari 3.6.", [b.Bullets(("Uusi silta avattiin.", "Seminaari 3.6."))]),
        ("- Uusi silta avattiin.\n- Seminaari 3.6.", [b.Bullets(("Uusi silta avattiin.", "Seminaari 3.6."))]),
        ("Vain yksi asia.", [b.Paragraph("Vain yksi asia.")]),
    ],
)
def test_announcements_are_a_list(written: str, printed: list[object]) -> None:
    bare = sample.meeting()
    item = replace(bare.items[0], standing=m.Standing.ANNOUNCEMENTS, handling=written, outcome=m.Outcome.NONE)
    made = minutes_doc(sample.body(), replace(bare, items=(item,), movements=(), disqualifications=()), sample.people())
    said = [block for block in made.blocks if isinstance(block, b.Labelled) and block.label == "Käsittely:"]
    assert [list(block.content) for block in said] == [printed]


def test_a_meeting_whose_quorum_was_never_found_says_what_it_was_at_its_close() -> None:
    made = minutes(roll_closed_at=None, attendances=())
    assert under(made, "2 §") == ["Todettiin kokous laillisesti koolle kutsutuksi mutta ei päätösvaltaiseksi (läsnä 2/18)."]
