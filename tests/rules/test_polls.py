"""Polls: what may be asked, who covers which seat, and the order of the dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import Refused
from meetings.model import Body, Capacity, Holding, Poll, PollAnswer, PollOption
from meetings.rules.planning import Plan
from meetings.rules.polls import covered, is_asked, open_poll, ranked, require_askable
from tests.samples import NOW, body, with_deputies

DAY = date(2027, 6, 1)
POLL = Poll("poll", "body", NOW)
PLANS = [Plan(date(2027, 6, day), time(10)) for day in range(1, 12)]


def _asked(answers: dict[str, dict[str, bool]]) -> Body:
    """A body with a poll of three dates `o1`…`o3` and what people said: option → person → suits."""
    options = tuple(PollOption(f"o{n}", "body", "poll", date(2027, 6, n), time(10)) for n in (1, 2, 3))
    said = tuple(
        PollAnswer(f"{option}{person}", "body", option, person, suits) for option, of in answers.items() for person, suits in of.items()
    )
    return body(polls=(POLL,), poll_options=options, poll_answers=said)


@pytest.mark.parametrize(
    ("plans", "made", "key"),
    [
        (PLANS[:2], body(), ""),
        (PLANS[:10], body(), ""),
        (PLANS[:1], body(), "polls.how_many"),
        (PLANS, body(), "polls.how_many"),
        ([PLANS[0], PLANS[0]], body(), "polls.how_many"),
        ([PLANS[0], replace(PLANS[1], place="Kunnantalo")], body(), "polls.places"),
        ([PLANS[0], replace(PLANS[1], online=True)], body(), "polls.places"),
        (PLANS[:2], body(polls=(POLL,)), "polls.one_open"),
        (PLANS[:2], body(polls=(replace(POLL, closed_at=NOW),)), ""),
    ],
)
def test_what_may_be_asked(plans: list[Plan], made: Body, key: str) -> None:
    if not key:
        require_askable(plans, made)
        return
    with pytest.raises(Refused) as caught:
        require_askable(plans, made)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("free", "seats"),
    [
        (set(), {}),
        ({"m1"}, {"s1": "m1"}),
        ({"d1"}, {"s1": "d1"}),
        ({"m1", "d1"}, {"s1": "m1"}),
        ({"m1", "d2", "x1", "sec"}, {"s1": "m1", "s2": "d2"}),
        ({"d"}, {"s1": "d"}),
        ({"d", "d1"}, {"s1": "d1", "s2": "d"}),
    ],
)
def test_who_covers_a_seat(free: set[str], seats: dict[str, str]) -> None:
    made = body()
    shared = tuple(Holding(f"h{n}", "body", f"s{n}", "d", Capacity.DEPUTY, 0) for n in (1, 2))
    assert covered(replace(made, holdings=(*made.holdings, *shared)), DAY, free) == seats


def test_a_seat_without_a_vote_is_not_counted() -> None:
    made = body()
    made = replace(made, seats=(replace(made.seats[0], voting=False), *made.seats[1:]))
    assert covered(made, DAY, {"m1", "m2"}) == {"s2": "m2"}


def test_best_first_and_ties_by_date() -> None:
    made = _asked({"o1": {"m1": False}, "o2": {"m1": True, "d2": True, "sec": False}, "o3": {"m3": True, "d3": True, "d1": False}})
    found = ranked(made, POLL)
    assert [(one.option.id, one.covered, one.seats, one.chair, one.secretary) for one in found] == [
        ("o2", 2, 3, True, False),
        ("o3", 1, 3, None, None),
        ("o1", 0, 3, False, None),
    ]
    assert [one.option.id for one in ranked(_asked({}), POLL)] == ["o1", "o2", "o3"]


@pytest.mark.parametrize(("who", "asked"), [("m1", True), ("d3", True), ("sec", True), ("x1", False), ("stranger", False)])
def test_who_is_asked(who: str, asked: bool) -> None:
    assert is_asked(body(), who, DAY) is asked


def test_the_poll_at_hand_is_the_newest_that_goes_on() -> None:
    newer = replace(POLL, id="newer")
    assert open_poll(body(polls=(POLL, newer))) == newer
    assert open_poll(body(polls=(POLL, replace(newer, closed_at=NOW)))) == POLL
    assert open_poll(body(polls=(replace(POLL, closed_at=NOW),))) is None


PEOPLE = [f"{letter}{n}" for letter in "md" for n in range(1, 6)]
DEPUTIES = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(PEOPLE)), max_size=15, unique=True)


@given(deputies=DEPUTIES, free=st.sets(st.sampled_from(PEOPLE)), comer=st.sampled_from(PEOPLE))
def test_nobody_covers_two_seats_and_one_more_free_never_makes_it_worse(
    deputies: list[tuple[int, str]], free: set[str], comer: str
) -> None:
    made = with_deputies(body(5), deputies)
    before, after = covered(made, DAY, free), covered(made, DAY, free | {comer})
    assert len(set(before.values())) == len(before)
    assert set(before.values()) <= free
    assert len(after) >= len(before)
