"""Every screen as a card, in three languages, small and as large as it can be, against the rules of `tests.cards.rules`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

import pytest

import meetings.screens
from cards import CARDS, render
from cards.kit import Frame
from cards.quotes import preview
from meetings import commands as c
from meetings.model import Phase
from meetings.screens.agenda import ItemForm, MeetingOnBoard
from meetings.screens.attendance import RollOnBoard
from meetings.screens.base import OnBoard, Screen, Told
from meetings.screens.guide import AskedAgain, BodiesShown, TextTaken, Welcomed
from meetings.screens.minutes import ApprovedOnBoard, CommentForm, MinutesDesk, RoundOnBoard
from meetings.screens.quotes import Quote, Quotes
from meetings.screens.record import Closing, ItemDesk
from meetings.screens.setup import BodyForm
from tests.cards import rules
from tests.cards.screens import SCREENS, Words
from texts import LANGUAGES, t

BOARD = (MeetingOnBoard, RollOnBoard, RoundOnBoard, ApprovedOnBoard)
DIALOGS = (BodyForm, ItemDesk, ItemForm, CommentForm)
# A sentence and its buttons: nothing to put a heading over. And what is of an older schema, which knows no headings.
UNTITLED = (Told, AskedAgain, TextTaken, BodiesShown, Quote)
every_screen = pytest.mark.parametrize("name", SCREENS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@cache
def card(name: str, language: str) -> dict[str, Any]:
    return render(SCREENS[name], language, "0123456789abcdef", lambda document: f"https://pykala.example/documents/{document}")


def test_every_screen_has_its_samples() -> None:
    for size in ("small", "large"):
        assert {type(screen) for name, screen in SCREENS.items() if name.startswith(size)} == set(CARDS)


def test_every_screen_has_a_card() -> None:
    modules = [import_module(f"meetings.screens.{one.name}") for one in iter_modules(meetings.screens.__path__)]
    every = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Screen)}
    assert every - {Screen, OnBoard, Quotes} == set(CARDS)


@every_language
@every_screen
def test_a_card_keeps_the_rules(name: str, language: str) -> None:
    made = card(name, language)
    faults = {
        "valid": rules.is_valid(made, "1.3" if isinstance(SCREENS[name], Quote) else "1.5"),
        "language": rules.names_its_language(made, language),
        "inputs": rules.inputs_are_told(made),
        "buttons": rules.buttons_are_known(made),
        "few": rules.buttons_are_few(made, on_board=isinstance(SCREENS[name], BOARD)),
        "apart": rules.buttons_are_told_apart(made),
        "size": rules.is_small(made),
        "typed": rules.shows_what_was_typed(made),
        "aloud": rules.is_read_aloud(made),
        "charts": rules.charts_are_told(made),
    }
    assert {rule: found for rule, found in faults.items() if found} == {}


@pytest.mark.parametrize("frame", [Frame.TEAMS, Frame.DIALOG])
@pytest.mark.parametrize("name", [name for name in SCREENS if name.startswith("small")])
def test_a_card_keeps_the_rules_in_every_frame(name: str, frame: Frame) -> None:
    made = render(SCREENS[name], "sv", "0123456789abcdef", frame=frame)
    faults = (
        *rules.is_valid(made, "1.3" if isinstance(SCREENS[name], Quote) else "1.5"),
        *rules.buttons_are_known(made),
        *rules.buttons_are_few(made),
        *rules.buttons_are_told_apart(made),
        *rules.is_small(made),
    )
    assert faults == ()
    # A dialog knows no other buttons than those that are submitted to it, and opens no other.
    fetching = [one for one in rules.of_type(made, "Action.Submit") if "msteams" in one["data"]]
    assert len(fetching) == (frame is Frame.TEAMS and isinstance(SCREENS[name], DIALOGS) and _is_there(SCREENS[name]))
    assert not (frame is Frame.DIALOG and rules.of_type(made, "Action.Execute"))


def _is_there(screen: Screen) -> bool:
    """A new item is written in the chat: there is nothing yet that a dialog could show."""
    return not isinstance(screen, ItemForm) or screen.item is not None


@every_language
@pytest.mark.parametrize("name", [name for name in SCREENS if name.startswith("small")])
def test_a_card_speaks_its_language(name: str, language: str) -> None:
    assert rules.is_said_in(card(name, language), language) == []


@every_screen
def test_a_card_has_a_heading(name: str) -> None:
    headings = [one for one in rules.of_type(card(name, "fi"), "TextBlock") if one.get("style") == "heading"]
    assert len(headings) == (0 if isinstance(SCREENS[name], UNTITLED) else 1)


def shown(kind: type[Screen]) -> list[tuple[str, dict[str, float]]]:
    """The charts on the small cards of a kind: type, and value by label."""
    names = [name for name, screen in SCREENS.items() if isinstance(screen, kind) and name.startswith("small")]
    return [(str(one["type"]), rules.points(one)) for name in names for one in rules.charts(card(name, "en"))]


@pytest.mark.parametrize(("typed", "shown"), [("9.5", None), ("klo 10.05", "10:05"), ("1204", "12:04"), ("puoli kolme", None), ("", None)])
def test_a_time_of_day_is_chosen_and_what_was_typed_stands_in_it(typed: str, shown: str | None) -> None:
    closing = next(one for one in SCREENS.values() if isinstance(one, Closing) and not one.items)
    made = render(replace(closing, at=typed), "fi", "0123456789abcdef")
    assert [(one["id"], one.get("value")) for one in rules.of_type(made, "Input.Time")] == [("at", shown)]


@pytest.mark.parametrize(("typed", "shown"), [("2026-05-18", "2026-05-18"), ("20260518", "2026-05-18"), ("18.5.", None), ("", None)])
def test_a_day_is_chosen_and_what_was_typed_stands_in_it_if_it_is_one(typed: str, shown: str | None) -> None:
    desk = next(one for one in SCREENS.values() if isinstance(one, MinutesDesk) and one.meeting.phase is Phase.CLOSED)
    made = render(replace(desk, deadline=typed), "fi", "0123456789abcdef")
    assert [(one["id"], one.get("value")) for one in rules.of_type(made, "Input.Date")] == [("deadline", shown)]


def test_presence_is_a_bar_of_all_seats_while_the_meeting_is_open() -> None:
    assert shown(RollOnBoard) == [
        ("Chart.HorizontalBar.Stacked", {"Present": 11, "Coming late": 1, "Absent": 1, "Not answered yet": 7}),
        ("Chart.HorizontalBar.Stacked", {"Present": 12, "Coming late": 1, "Absent": 1, "Not answered yet": 6}),
    ]


def test_votes_are_bars() -> None:
    bars = shown(ItemDesk)
    assert bars == [("Chart.HorizontalBar", {"For the proposal": 2, "For the counter-proposal": 2, "Blank": 0})] * len(bars) != []


@pytest.mark.parametrize("kind", [RoundOnBoard, MinutesDesk])
def test_a_running_round_is_a_ring(kind: type[Screen]) -> None:
    rings = shown(kind)
    assert rings == [("Chart.Donut", {"Answers": 3, "Not answered": 17})] * len(rings) != []


@pytest.mark.parametrize("name", [name for name, screen in SCREENS.items() if isinstance(screen, Quote)])
def test_what_stands_in_the_list_of_the_compose_box_is_text(name: str) -> None:
    shown = preview(cast("Quote", SCREENS[name]), "fi")
    assert [fault for text in shown.values() for fault in rules.leads_nowhere(text)] == []


def test_nobody_is_told_to_press_what_they_do_not_see() -> None:
    greeting = [Welcomed(on_board=False, steps=steps) for steps in ((c.SetUpBody(), c.ShowHelp()), (c.ShowHelp(),))]
    assert [t("en", "guide.welcome_press") in str(render(one, "en", "n")) for one in greeting] == [True, False]
    rolls = [one for one in SCREENS.values() if isinstance(one, RollOnBoard) and one.meeting.phase is Phase.OPEN]
    told = {key: t("en", f"attendance.{key}") for key in ("press", "press_later")}
    for roll in rolls:
        assert any(text in str(render(roll, "en", "n")) for text in told.values())
        assert not any(text in str(render(replace(roll, steps=()), "en", "n")) for text in told.values())
    assert rolls


def test_the_large_samples_are_hostile() -> None:
    """What is typed on them is markup for every construct a client may know."""
    found = set(rules.formatting(Words(hostile=True).text("", 1000)))
    assert {"strong_open", "em_open", "link_open", "image", "html_inline", "code_inline", "s_open", "heading_open", "hr"} <= found
    assert {"bullet_list_open", "ordered_list_open", "blockquote_open"} <= found
