from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from meetings.commands import ChangeBody
from meetings.errors import Refused
from meetings.model import Approval, Body, Standing, StandingItem
from meetings.rules import bodies
from tests.samples import body

ACCOUNTS = {"sec", "m1", "m2"}


def changed(before: Body, **fields: object) -> Body:
    command = ChangeBody(quorum_needs_chair=True, formal=True, **fields)  # type: ignore[arg-type]  # fields of ChangeBody by name
    return bodies.change_body(
        before,
        command,
        accounts=ACCOUNTS,
        roster={"m1", "m2", "m3", "d1"},
        members={"m1", "m2", "m3"},
        rule=lambda one: f"rule {one.language} {one.approval}",
    )


def test_empty_fields_keep_what_was() -> None:
    before = body()
    assert changed(before, approval_rule=before.approval_rule) == before


@pytest.mark.parametrize(("typed", "read"), [("1/2", (1, 2)), (" 2 / 3 ", (2, 3)), ("1/100", (1, 100)), ("99/100", (99, 100))])
def test_a_quorum_is_a_fraction(typed: str, read: tuple[int, int]) -> None:
    assert bodies.read_fraction(typed) == read


@pytest.mark.parametrize("typed", ["", "1", "0/2", "2/2", "3/2", "-1/2", "1/0", "1/101", "a/b", "1/2/3", "0.5", "½", "١/٢", "1/9999999"])
def test_a_quorum_that_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        bodies.read_fraction(typed)
    assert refused.value.key == "setup.quorum_unread"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"comment_days": "0"}, "setup.comment_days"),
        ({"comment_days": "181"}, "setup.comment_days"),
        ({"comment_days": "7 days"}, "setup.comment_days"),
        ({"lead_days": "61"}, "setup.lead_days"),
        ({"lead_days": "-1"}, "setup.lead_days"),
        ({"zone": "Helsinki"}, "setup.zone_unknown"),
        ({"zone": "../../etc/passwd"}, "setup.zone_unknown"),
        ({"name": " "}, "setup.name_missing"),
        ({"name": "x" * 121}, "setup.name_long"),
        ({"language": "de"}, "setup.language_unknown"),
        ({"secretary_id": "d1"}, "setup.person_unknown"),
        ({"secretary_id": "none"}, "setup.secretary_missing"),
        ({"chair_id": "stranger"}, "setup.person_unknown"),
        ({"chair_id": "m2"}, "setup.one_chair"),
        ({"checker_ids": ("d1",)}, "setup.person_unknown"),
        ({"approval": "checkers"}, "setup.checkers_missing"),
        ({"approval": "lottery"}, "setup.choice_unknown"),
        ({"numbering": "by_moon"}, "setup.choice_unknown"),
        ({"approval_rule": "x" * 601}, "setup.rule_long"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(fields: dict[str, object], key: str) -> None:
    with pytest.raises(Refused) as refused:
        changed(body(), **fields)
    assert refused.value.key == key


def test_an_untouched_rule_follows_the_language_and_the_way_of_approval() -> None:
    before = replace(body(), approval_rule="rule fi tacit")
    after = changed(before, approval_rule="rule fi tacit", language="sv", approval="next_meeting")
    assert (after.languages, after.approval, after.approval_rule) == (("sv",), Approval.NEXT_MEETING, "rule sv next_meeting")
    own = changed(before, approval_rule="Our own words.", language="sv")
    assert own.approval_rule == "Our own words."


def test_the_second_language_is_another_one() -> None:
    assert bodies.read_languages("sv", "fi") == ("sv", "fi")
    assert bodies.read_languages("sv", "sv") == ("sv",)
    assert bodies.read_languages("", "none", ("en", "fi")) == ("en",)


def test_nobody_can_be_chair() -> None:
    assert changed(body(), chair_id="none").chair_id == ""


STOCK = {Standing.OPENING: ("Kokouksen avaus", "Mötets öppnande"), Standing.CLOSING: ("Kokouksen päättäminen",)}


def template() -> Body:
    items = (
        StandingItem("a", "body", 1, Standing.OPENING, "Kokouksen avaus"),
        StandingItem("b", "body", 2, Standing.AGENDA, "Esityslista", "Hyväksytään."),
        StandingItem("c", "body", 3, Standing.CLOSING, "Kokouksen päättäminen"),
    )
    return replace(body(), standing_items=items)


def read(typed: str) -> list[tuple[str, Standing, str, str]]:
    ids = (f"n{number}" for number in count(1))
    items = bodies.read_lines(typed, template(), lambda one: STOCK.get(one, ()), lambda: next(ids))
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    return [(item.id, item.standing, item.title, item.proposal) for item in items]


def test_the_template_comes_back_as_it_was_written() -> None:
    lines = bodies.write_lines(template().standing_items)
    assert lines == "Kokouksen avaus\nEsityslista | Hyväksytään.\nKokouksen päättäminen"
    assert [(one[0], one[1], one[3]) for one in read(lines)] == [
        ("a", Standing.OPENING, ""),
        ("b", Standing.AGENDA, "Hyväksytään."),
        ("c", Standing.CLOSING, ""),
    ]


def test_a_moved_line_keeps_its_meaning_and_a_new_one_has_none() -> None:
    assert read("Kokouksen päättäminen\n\n  Muuta  \nKokouksen avaus\nEsityslista") == [
        ("c", Standing.CLOSING, "Kokouksen päättäminen", ""),
        ("n1", Standing.NONE, "Muuta", ""),
        ("a", Standing.OPENING, "Kokouksen avaus", ""),
        ("b", Standing.AGENDA, "Esityslista", ""),
    ]


def test_a_reworded_line_keeps_its_meaning_by_its_place() -> None:
    assert read("Kokouksen avaus\nTyöjärjestys | Hyväksytään.\nKokouksen päättäminen")[1] == (
        "b",
        Standing.AGENDA,
        "Työjärjestys",
        "Hyväksytään.",
    )


def test_a_stock_title_is_known_and_no_meaning_is_given_twice() -> None:
    assert [one[1] for one in read("Mötets öppnande\nKokouksen avaus")] == [Standing.OPENING, Standing.NONE]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" \n | \n", "setup.items_missing"),
        ("x\n" * 41, "setup.items_many"),
        ("x" * 501, "agenda.too_long"),
        (f"Avaus | {'x' * 10_000}", "agenda.too_long"),
    ],
)
def test_a_template_without_items_or_with_too_many_is_refused(typed: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        read(typed)
    assert refused.value.key == key
