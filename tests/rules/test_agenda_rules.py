"""Agendas: standing items at their place, texts never lost, positions and attachment numbers in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import NotFound, Refused
from meetings.model import Attachment, Body, Item, Meeting, Outcome, Phase, Standing, StandingItem
from meetings.reading.agenda import read_agenda
from meetings.rules.agenda import find_item, insert, items_from, place_for_new, remove, require_publishable, standing_items, standing_of
from meetings.rules.numbering import in_order, number_sections
from tests.samples import body, meeting

TEMPLATE = tuple(
    StandingItem(f"t{place}", "body", place, standing, title)
    for place, (standing, title) in enumerate(
        [
            (Standing.OPENING, "Kokouksen avaus"),
            (Standing.QUORUM, "Laillisuus ja päätösvaltaisuus"),
            (Standing.PREVIOUS_MINUTES, "Edellisen kokouksen pöytäkirja"),
            (Standing.OTHER_BUSINESS, "Muut asiat"),
            (Standing.CLOSING, "Kokouksen päättäminen"),
        ],
        start=1,
    )
)


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"n{next(numbers)}"


def with_template() -> Body:
    return body(standing_items=TEMPLATE)


def planned() -> Meeting:
    return meeting(0, phase=Phase.PLANNED, published_at=None)


def titles(held: Meeting) -> list[str]:
    return [item.title for item in in_order(held)]


@pytest.mark.parametrize(
    ("title", "standing"),
    [
        ("Kokouksen avaus", Standing.OPENING),
        ("Avaus.", Standing.OPENING),
        ("Avauspuheenvuorot seminaarissa", Standing.NONE),
        ("Opening of the meeting", Standing.OPENING),
        ("Opening hours of the archive", Standing.NONE),
        ("Mötets öppnande", Standing.OPENING),
        ("Kokouksen laillisuus ja päätösvaltaisuus", Standing.QUORUM),
        ("Mötets laglighet och beslutförhet", Standing.QUORUM),
        ("Esityslistan hyväksyminen", Standing.AGENDA),
        ("Pöytäkirjantarkastajien valinta", Standing.CHECKERS),
        ("Föregående mötes protokoll", Standing.PREVIOUS_MINUTES),
        ("Ilmoitusasiat", Standing.ANNOUNCEMENTS),
        ("MUUT ASIAT", Standing.OTHER_BUSINESS),
        ("Nästa möte", Standing.NEXT_MEETING),
        ("Kokouksen päättäminen", Standing.CLOSING),
        ("Closing the accounts of 2025", Standing.NONE),
        ("Toimintasuunnitelma 2027", Standing.NONE),
    ],
)
def test_standing_items_are_known_by_their_heading(title: str, standing: Standing) -> None:
    assert standing_of(title) is standing


def test_what_a_pasted_agenda_lacks_is_filled_in_at_its_place() -> None:
    reading = read_agenda("1 § Avaus\n\n2 § Toimintasuunnitelma\nEsitys: Hyväksytään.\n\n3 § Talous\n")
    held = items_from(reading, with_template(), planned(), ids())
    assert titles(held) == [
        "Avaus",
        "Laillisuus ja päätösvaltaisuus",
        "Edellisen kokouksen pöytäkirja",
        "Toimintasuunnitelma",
        "Talous",
        "Muut asiat",
        "Kokouksen päättäminen",
    ]
    assert [item.position for item in in_order(held)] == [1, 2, 3, 4, 5, 6, 7]


def test_read_again_after_publishing_items_keep_their_section_and_every_text_arrives() -> None:
    published = number_sections(items_from(read_agenda("1 § Talous\nEsitys: Vanha.\n\n2 § Muut asiat\n"), body(), planned(), ids()))
    published = replace(published, phase=Phase.PUBLISHED)
    again = read_agenda("1 § Talous\nEsitys: Uusi.\nPäätös: Hyväksyttiin.\n\n2 § Vene\nEsitys: Ostetaan.\n\n3 § Talous\nEsitys: Toinen.\n")
    held = number_sections(items_from(again, body(), published, ids()))
    assert not any(item.decision for item in held.items)
    found = [(item.title, item.proposal, item.draft, item.section) for item in in_order(held)]
    assert found == [
        ("Talous", "Uusi.", "Hyväksyttiin.", 1),
        ("Vene", "Ostetaan.", "", 3),
        ("Talous", "Toinen.", "", 4),
        ("Muut asiat", "", "", 2),
    ]


def test_the_same_attachment_in_two_items_has_one_number_and_numbers_stay() -> None:
    first = read_agenda("1 § Talous\nLiite 1. Raportti\n\n2 § Vene\nLiite 1. Raportti\nLiite 2. Tarjous\n")
    held = replace(items_from(first, body(), planned(), ids()), phase=Phase.PUBLISHED)
    assert [(one.number, one.title, len(one.item_ids)) for one in held.attachments] == [(1, "Raportti", 2), (2, "Tarjous", 1)]
    again = items_from(read_agenda("1 § Vene\nLiite 1. Kuva\nLiite 2. Tarjous\n"), body(), held, ids())
    assert [(one.number, one.title) for one in again.attachments] == [(1, "Raportti"), (2, "Tarjous"), (3, "Kuva")]
    assert {item.id for item in again.items} == {item_id for one in again.attachments for item_id in one.item_ids}


def test_a_new_item_goes_before_the_last_ones() -> None:
    held = replace(meeting(0), items=standing_items(with_template(), "meeting", ids()))
    assert place_for_new(held) == 4
    assert place_for_new(meeting(3)) == 4


def test_an_item_is_found_or_said_not_to_be() -> None:
    assert find_item(meeting(), "i2").title == "Asia 2"
    with pytest.raises(NotFound):
        find_item(meeting(), "i9")


@pytest.mark.parametrize(
    ("items", "days", "published", "confirmed", "key"),
    [
        (0, 30, False, True, "agenda.empty"),
        (3, 7, False, False, ""),
        (3, 6, False, False, "agenda.short_notice"),
        (3, 6, False, True, ""),
        (3, 0, True, False, ""),
    ],
)
def test_an_agenda_needs_items_and_notice(items: int, days: int, published: bool, confirmed: bool, key: str) -> None:
    held = meeting(items) if published else meeting(items, published_at=None)
    refused = ""
    try:
        require_publishable(body(lead_days=7), held, days, confirmed=confirmed)
    except Refused as error:
        refused = error.key
    assert refused == key


edits = st.lists(st.tuples(st.sampled_from(["add", "move", "remove"]), st.integers(0, 9), st.integers(-2, 14)), max_size=20)


@given(edits, st.booleans())
def test_whatever_is_edited_positions_run_from_one_and_no_item_is_lost(made: list[tuple[str, int, int]], published: bool) -> None:
    held = meeting(3) if published else replace(meeting(3), items=tuple(replace(one, section=None) for one in meeting(3).items))
    kept = {item.id for item in held.items}
    for place, (step, which, position) in enumerate(made):
        ordered = in_order(held)
        chosen = ordered[which % len(ordered)] if ordered else None
        if step == "add":
            held = insert(held, Item(f"n{place}", "meeting", 0, f"Asia {place}"), position)
            kept.add(f"n{place}")
        elif step == "move" and chosen is not None:
            rest = [one.id for one in ordered if one.id != chosen.id]
            held = insert(held, chosen, position)
            assert [one.id for one in in_order(held) if one.id != chosen.id] == rest
        elif chosen is not None:
            held = remove(held, chosen)
            if chosen.section is None:
                kept.discard(chosen.id)
            else:
                assert find_item(held, chosen.id) == replace(chosen, outcome=Outcome.WITHDRAWN)
        assert [item.position for item in in_order(held)] == list(range(1, len(held.items) + 1))
        assert {item.id for item in held.items} == kept


def test_attachments_of_others_are_untouched_by_moves() -> None:
    held = meeting(attachments=(Attachment("a", "meeting", 1, "Liite", "", ("i3",)),))
    assert insert(held, held.items[2], 1).attachments == held.attachments


CLOSINGS = ["Seuraava kokous ja kokouksen päättäminen", "Följande möten och avslutande", "Next meetings and closing"]


@pytest.mark.parametrize("closing", CLOSINGS)
def test_a_heading_that_names_two_standing_items_stands_for_both(closing: str) -> None:
    reading = read_agenda(f"1 § Kokouksen avaus\n\n2 § Muut asiat\n\n3 § {closing}\n")
    held = items_from(reading, with_template(), planned(), ids())
    assert titles(held) == [
        "Kokouksen avaus",
        "Laillisuus ja päätösvaltaisuus",
        "Edellisen kokouksen pöytäkirja",
        "Muut asiat",
        closing,
    ]
