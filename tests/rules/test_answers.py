"""Answers before the meeting: which counts, who is called, who is expected, and what holds after any sequence of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.model import Body, Calling, Capacity, DeputyCall, Holding, InvitationAnswer, Meeting, Response, Sign
from meetings.rules import answers as rules
from meetings.rules.answers import Expected, News, Turn
from meetings.rules.attendance import sign
from meetings.rules.seats import SeatOnDay, seats_on
from tests.samples import NOW, body, meeting


def ids() -> Iterator[str]:
    return (f"n{number}" for number in count(1))


def with_deputies(made: Body, seat: str, *people: str) -> Body:
    """The body with these deputies of a seat, in order."""
    others = tuple(one for one in made.holdings if not (one.seat_id == seat and one.capacity is Capacity.DEPUTY))
    mine = tuple(Holding(f"h{seat}{one}", "body", seat, one, Capacity.DEPUTY, n) for n, one in enumerate(people, start=1))
    return replace(made, holdings=(*others, *mine))


def on_leave(made: Body, member: str) -> Body:
    return replace(made, holdings=tuple(replace(one, on_leave=True) if one.person_id == member else one for one in made.holdings))


@dataclass
class Desk:
    """A meeting in which people say things, one after the other."""

    body: Body
    meeting: Meeting

    def __post_init__(self) -> None:
        self._ids = ids()
        self.now = NOW

    def says(self, person_id: str, word: Sign | None) -> list[tuple[Turn, str, str]]:
        self.now += timedelta(minutes=1)
        signed = sign(self.body, self.meeting, person_id, word, self._id) if word else rules.unsigned(self.meeting, person_id)
        self.meeting, news = rules.follow(self.body, signed, person_id, self.now, person_id, self._id)
        return told(news)

    def roster(self, made: Body) -> list[tuple[Turn, str, str]]:
        self.body = made
        self.meeting, news = rules.settle(made, self.meeting, self.now, "sec", self._id)
        return told(news)

    def _id(self) -> str:
        return next(self._ids)


def told(news: tuple[News, ...]) -> list[tuple[Turn, str, str]]:
    return [(one.turn, one.seat.seat.id, one.deputy_id) for one in news]


# --- which answer counts ----------------------------------------------------------------------------------------------------------


def answer(response: Response, minutes: int, person_id: str = "m1") -> InvitationAnswer:
    return InvitationAnswer("a", "meeting", person_id, response, NOW + timedelta(minutes=minutes))


def test_the_newest_answer_counts_whichever_is_read_first() -> None:
    first, second = answer(Response.ACCEPTED, 1), answer(Response.DECLINED, 2)
    for order in ((first, second), (second, first), (second, second, first)):
        held = meeting()
        for one in order:
            held = rules.take(held, one)
        assert held.answers == (second,)


def test_of_two_of_the_same_second_the_one_told_later_counts() -> None:
    first, second = answer(Response.ACCEPTED, 1), answer(Response.DECLINED, 1)
    assert rules.take(rules.take(meeting(), first), second).answers == (second,)


def test_no_answer_says_nothing() -> None:
    held = rules.take(meeting(), answer(Response.NONE, 1))
    assert held == meeting()


def test_after_a_move_an_old_answer_no_longer_counts() -> None:
    asked = rules.ask_again(body(), rules.take(meeting(), answer(Response.ACCEPTED, 1)), NOW + timedelta(minutes=5), ids().__next__)
    for person_id in ("m1", "m2", "d3", "x1", "sec"):
        assert rules.take(asked, answer(Response.DECLINED, 4, person_id)) is asked
        assert rules.answer_of(rules.take(asked, answer(Response.DECLINED, 6, person_id)), person_id) != rules.answer_of(asked, person_id)


# --- who is called ----------------------------------------------------------------------------------------------------------------


def test_the_deputies_of_a_seat_are_called_in_their_order_until_none_is_left() -> None:
    desk = Desk(with_deputies(body(), "s1", "d1", "d9"), meeting())
    assert desk.says("m1", Sign.EXCUSED) == [(Turn.CALLED, "s1", "d1")]
    assert desk.says("d1", Sign.EXCUSED) == [(Turn.CALLED, "s1", "d9")]
    assert desk.says("d9", Sign.EXCUSED) == [(Turn.NOBODY, "s1", "")]
    assert [(one.deputy_id, one.accepted, one.ended_at) for one in desk.meeting.deputy_calls] == [("d1", False, None), ("d9", False, None)]


def test_a_member_who_comes_after_all_gets_the_seat_back() -> None:
    desk = Desk(body(), meeting())
    desk.says("m1", Sign.EXCUSED)
    desk.says("d1", Sign.PRESENT)
    assert rules.acting(desk.body, desk.meeting)["s1"] == "d1"
    assert desk.says("m1", Sign.LATE) == [(Turn.RELEASED, "s1", "d1")]
    assert rules.acting(desk.body, desk.meeting)["s1"] == "m1"
    assert [(one.deputy_id, one.accepted, one.ended_at) for one in desk.meeting.deputy_calls] == [("d1", True, desk.now)]


def test_a_member_who_is_not_sure_leaves_the_deputy_called() -> None:
    desk = Desk(body(), meeting())
    desk.says("m1", Sign.EXCUSED)
    assert desk.says("m1", None) == []
    assert rules.acting(desk.body, desk.meeting)["s1"] == "d1"


def test_who_has_said_they_come_is_called_before_the_first_in_order() -> None:
    desk = Desk(with_deputies(body(), "s1", "d1", "d9"), meeting())
    desk.says("d9", Sign.PRESENT)
    assert desk.says("m1", Sign.EXCUSED) == [(Turn.CALLED, "s1", "d9")]
    assert desk.meeting.deputy_calls[0].accepted is True


def test_a_deputy_of_two_seats_is_called_to_one_and_freed_for_the_other() -> None:
    desk = Desk(with_deputies(with_deputies(body(), "s1", "d9"), "s2", "d9"), meeting())
    assert desk.says("m1", Sign.EXCUSED) == [(Turn.CALLED, "s1", "d9")]
    assert desk.says("m2", Sign.EXCUSED) == [(Turn.NOBODY, "s2", "")]
    assert desk.says("m1", Sign.PRESENT) == [(Turn.RELEASED, "s1", "d9"), (Turn.CALLED, "s2", "d9")]


def test_the_deputy_of_a_member_on_leave_holds_the_seat_and_is_called_nowhere_else() -> None:
    desk = Desk(on_leave(with_deputies(with_deputies(body(), "s1", "d9", "d1"), "s2", "d9", "d2"), "m1"), meeting())
    assert desk.says("m2", Sign.EXCUSED) == [(Turn.CALLED, "s2", "d2")]
    assert desk.says("d9", Sign.EXCUSED) == [(Turn.CALLED, "s1", "d1")]
    assert rules.acting(desk.body, desk.meeting) == {"s1": "d1", "s2": "d2", "s3": "m3"}


def test_a_body_that_calls_itself_is_told_who_is_next() -> None:
    desk = Desk(body(calling=Calling.NEVER), meeting())
    assert desk.says("m1", Sign.EXCUSED) == [(Turn.WANTED, "s1", "d1")]
    assert desk.meeting.deputy_calls == ()
    assert [seat.seat.id for seat in seats_on(desk.body, desk.meeting.day) if rules.waits_for_deputy(desk.meeting, seat)] == ["s1"]


def test_who_is_found_absent_has_called_nobody() -> None:
    assert Desk(body(), meeting()).says("m1", Sign.ABSENT) == []


def test_a_changed_roster_ends_calls_that_are_no_longer_so() -> None:
    desk = Desk(body(), meeting())
    desk.says("m1", Sign.EXCUSED)
    assert desk.roster(with_deputies(body(), "s1", "d7")) == [(Turn.ENDED, "s1", "d1"), (Turn.CALLED, "s1", "d7")]
    assert [one.deputy_id for one in desk.meeting.deputy_calls if one.ended_at is None] == ["d7"]
    new_member = replace(desk.body, holdings=tuple(replace(o, person_id="m9") if o.person_id == "m1" else o for o in desk.body.holdings))
    assert desk.roster(new_member) == [(Turn.ENDED, "s1", "d7")]
    assert rules.acting(desk.body, desk.meeting)["s1"] == "m9"


# --- who is invited ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calling", "optional"),
    [(Calling.ON_DECLINE, {"x1"}), (Calling.NEVER, {"x1"}), (Calling.ALWAYS, {"x1", "d2", "d3"})],
)
def test_who_must_come_and_who_may(calling: Calling, optional: set[str]) -> None:
    calls = (DeputyCall("c1", "meeting", "s1", "d1", "m1", NOW), DeputyCall("c2", "meeting", "s2", "d2", "m2", NOW, ended_at=NOW))
    required, may = rules.invited(body(calling=calling), meeting(deputy_calls=calls))
    assert required == {"m1", "m2", "m3", "d1", "sec"}
    assert may == optional


# --- who is expected --------------------------------------------------------------------------------------------------------------


def test_expected_seat_by_seat() -> None:
    desk = Desk(body(5), meeting())
    seats = seats_on(desk.body, desk.meeting.day)
    assert rules.expected(desk.body, desk.meeting) == Expected(0, 0, 0, 5, 5, 3, chair=False, missing=seats)
    desk.says("m2", Sign.PRESENT)
    desk.says("m3", Sign.EXCUSED)
    desk.says("m4", Sign.LATE)
    desk.meeting = rules.take(desk.meeting, answer(Response.TENTATIVE, 1, "m5"))
    found = rules.expected(desk.body, desk.meeting)
    assert (found.coming, found.maybe, found.cannot, found.unanswered, found.chair, found.enough) == (2, 1, 0, 2, True, False)
    desk.says("d3", Sign.PRESENT)
    assert rules.expected(desk.body, desk.meeting).enough
    desk.says("d3", Sign.EXCUSED)
    assert rules.expected(desk.body, desk.meeting).cannot == 1


def test_a_vacant_seat_without_deputies_is_neither_no_nor_unanswered() -> None:
    made = body()
    made = replace(made, holdings=tuple(one for one in made.holdings if one.seat_id != "s3"))
    found = rules.expected(made, meeting())
    assert (found.cannot, found.unanswered, found.vacant, found.seats) == (0, 2, 1, 3)


def test_enough_without_the_chair_is_not_enough_where_the_body_wants_one() -> None:
    desk = Desk(body(), meeting())
    for one in ("m3", "d1", "d2"):
        desk.says(one, Sign.PRESENT)
    for one in ("m1", "m2"):
        desk.says(one, Sign.EXCUSED)
    assert (rules.expected(desk.body, desk.meeting).coming, rules.expected(desk.body, desk.meeting).enough) == (3, False)
    assert rules.expected(replace(desk.body, quorum_needs_chair=False), desk.meeting).enough


def test_the_warning_comes_in_the_morning_of_the_body_so_many_days_before() -> None:
    held = meeting(day=date(2026, 3, 30))  # summer time begins on the 29th
    assert rules.warning_at(body(warn_days=3), held) == datetime(2026, 3, 27, 7, 0, tzinfo=UTC)
    assert rules.warning_at(body(warn_days=1), held) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
    assert rules.warning_at(body(warn_days=0), held) is None


@pytest.mark.parametrize(
    ("now", "next_one"),
    [
        (datetime(2026, 3, 20, 12, 0, tzinfo=UTC), datetime(2026, 3, 27, 7, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 30, 12, 0, tzinfo=UTC), None),
    ],
)
def test_at_short_notice_the_warning_comes_the_next_morning(now: datetime, next_one: datetime | None) -> None:
    assert rules.next_warning(body(warn_days=3), meeting(day=date(2026, 3, 30)), now) == next_one


def test_one_deputy_of_two_members_on_leave_is_expected_once() -> None:
    desk = Desk(on_leave(on_leave(with_deputies(with_deputies(body(), "s1", "d9"), "s2", "d9"), "m1"), "m2"), meeting())
    desk.says("d9", Sign.PRESENT)
    assert rules.expected(desk.body, desk.meeting).coming == 1


def test_a_called_deputy_who_comes_to_hold_another_seat_is_called_back() -> None:
    made = with_deputies(with_deputies(body(), "s1", "d9", "d1"), "s2", "d9", "d2")
    desk = Desk(made, meeting())
    desk.says("m1", Sign.EXCUSED)
    assert desk.roster(on_leave(made, "m2")) == [(Turn.ENDED, "s1", "d9"), (Turn.CALLED, "s1", "d1")]
    assert rules.acting(desk.body, desk.meeting) == {"s1": "d1", "s2": "d9", "s3": "m3"}


# --- after any sequence -----------------------------------------------------------------------------------------------------------

PEOPLE = ("m1", "m2", "m3", "m4", "d1", "d2", "d3", "d4", "d9", "x1")
WORDS = (None, Sign.PRESENT, Sign.LATE, Sign.EXCUSED, Sign.ABSENT)


def shared() -> Body:
    """Four seats: two share a deputy, one member is on leave, one seat has two deputies of its own."""
    made = with_deputies(with_deputies(with_deputies(body(4), "s1", "d1", "d9"), "s2", "d9", "d2"), "s3", "d3", "d1")
    return on_leave(made, "m4")


@given(
    st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(WORDS)), max_size=25),
    st.sampled_from(Calling),
)
def test_whatever_is_answered_each_seat_has_at_most_one_person_and_the_log_only_grows(
    said: list[tuple[str, Sign | None]], calling: Calling
) -> None:
    desk = Desk(replace(shared(), calling=calling), meeting())
    for person_id, word in said:
        before = desk.meeting
        news = desk.says(person_id, word)
        held = desk.meeting
        seats = seats_on(desk.body, held.day)
        # One seat one person, one person one seat: of the calls, and of who is to sit.
        active = [one for one in held.deputy_calls if rules.is_active(one)]
        assert len({one.seat_id for one in active}) == len(active)
        assert len({one.deputy_id for one in active}) == len(active)
        acting = rules.acting(desk.body, held)
        assert len(set(acting.values())) == len(acting)
        # Nobody sits who said no; a member who said yes sits in the seat.
        assert all(rules.sign_of(held, one) not in {Sign.EXCUSED, Sign.ABSENT} for one in acting.values())
        for seat in seats:
            if rules.sign_of(held, rules.holder(seat)) in rules.COMES:
                assert acting[seat.seat.id] == rules.holder(seat)
            if calling is not Calling.NEVER and rules.waits_for_deputy(held, seat):
                assert not rules.next_deputy(desk.body, held, seat)
        # Everybody who is to sit is invited, and no deputy who is not.
        required, _ = rules.invited(desk.body, held)
        assert set(acting.values()) <= required
        assert all(is_wanted(desk.body, held, seats, one) for one in required)
        # The log is marked and added to, never shortened.
        assert [(one.id, one.deputy_id) for one in held.deputy_calls][: len(before.deputy_calls)] == [
            (one.id, one.deputy_id) for one in before.deputy_calls
        ]
        # Who is expected is counted of who is to sit.
        coming = sum(rules.sign_of(held, one) in rules.COMES for one in acting.values())
        assert rules.expected(desk.body, held).coming == coming
        assert desk.says(person_id, word) == [] or any(turn is Turn.NOBODY or turn is Turn.WANTED for turn, _, _ in news)


def is_wanted(made: Body, held: Meeting, seats: tuple[SeatOnDay, ...], person_id: str) -> bool:
    officers = {made.secretary_id, made.chair_id, made.vice_chair_id}
    called = {one.deputy_id for one in held.deputy_calls if one.ended_at is None}
    return person_id in officers | called | {rules.holder(seat) for seat in seats}
