from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import Refused
from meetings.model import (
    Answer,
    Approval,
    Attachment,
    Attendance,
    Check,
    Comment,
    CommentKind,
    Direction,
    Movement,
    Phase,
    Round,
    RoundReply,
    RoundResult,
    Sign,
)
from meetings.rules import rounds
from tests.samples import NOW, body, meeting

SENT = Round("r1", "meeting", 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki", record=rounds.record_digest(meeting()))


def comment(kind: CommentKind = CommentKind.PROPOSAL, answer: Answer = Answer.OPEN) -> Comment:
    return Comment("c1", "meeting", "r1", "m1", kind, "Muutos", NOW, answer=answer)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "ends"),
    [
        (date(2020, 5, 4), None, "Europe/Helsinki", datetime(2020, 5, 4, 21, 0, tzinfo=UTC)),
        (date(2020, 5, 4), time(12), "Europe/Helsinki", datetime(2020, 5, 4, 9, 0, tzinfo=UTC)),
        (date(2026, 3, 28), None, "Europe/Helsinki", datetime(2026, 3, 28, 22, 0, tzinfo=UTC)),
        (date(2026, 3, 29), None, "Europe/Helsinki", datetime(2026, 3, 29, 21, 0, tzinfo=UTC)),
        (date(2026, 10, 25), None, "Europe/Helsinki", datetime(2026, 10, 25, 22, 0, tzinfo=UTC)),
        (date(2026, 12, 31), None, "Europe/Mariehamn", datetime(2026, 12, 31, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_deadline_is_inclusive_in_the_zone_of_the_body(day: date, hour: time | None, zone: str, ends: datetime) -> None:
    assert replace(SENT, deadline=day, deadline_hour=hour, zone=zone).ends_at == ends


@given(st.dates(date(2000, 1, 1), date(2060, 12, 30)), st.sampled_from(["Europe/Helsinki", "Europe/Stockholm", "America/New_York"]))
def test_the_whole_day_is_inside_and_the_next_begins_outside(day: date, zone: str) -> None:
    ends = replace(SENT, deadline=day, zone=zone).ends_at
    local = ZoneInfo(zone)
    assert (ends - timedelta(microseconds=1)).astimezone(local).date() == day
    assert ends.astimezone(local).date() == day + timedelta(days=1)
    assert timedelta(hours=23) <= ends - datetime.combine(day, time(0), tzinfo=local) <= timedelta(hours=25)


def test_a_deadline_that_has_passed_or_is_absurd_is_refused() -> None:
    today = NOW.date()
    for day, key in ((today - timedelta(days=1), "round.deadline_past"), (today + timedelta(days=181), "round.deadline_far")):
        with pytest.raises(Refused) as refused:
            rounds.new_round("r", body(), meeting(), day, None, NOW)
        assert refused.value.key == key
    assert rounds.new_round("r", body(), meeting(), today, None, NOW).number == 1


def test_rounds_are_numbered_on() -> None:
    again = rounds.new_round("r2", body(), meeting(rounds=(SENT,)), date(2026, 5, 30), None, NOW)
    assert again.number == 2


def test_the_reminder_comes_in_the_morning_of_the_day_before_unless_the_round_is_shorter() -> None:
    for hour in (None, time(12)):
        at = rounds.reminder_at(replace(SENT, deadline=date(2026, 5, 18), deadline_hour=hour))
        assert at == datetime(2026, 5, 17, 6, 0, tzinfo=UTC)  # 9.00 in Helsinki
    assert rounds.reminder_at(replace(SENT, deadline=date(2026, 5, 12))) is None


@pytest.mark.parametrize(
    ("comments", "discussion", "result"),
    [
        ((), "", RoundResult.APPROVED),
        ((comment(),), "", RoundResult.STOPPED),
        ((comment(CommentKind.REMARK),), "", RoundResult.APPROVED),
        ((comment(answer=Answer.REJECTED),), "", RoundResult.APPROVED),
        ((comment(answer=Answer.NOTED),), "", RoundResult.APPROVED),
        ((comment(answer=Answer.ACCEPTED),), "", RoundResult.STOPPED),
        ((), "Keskusteltiin.", RoundResult.STOPPED),
    ],
)
def test_only_an_unmet_proposal_or_a_changed_text_stops_tacit_approval(
    comments: tuple[Comment, ...], discussion: str, result: RoundResult
) -> None:
    held = meeting(phase=Phase.REVIEW, rounds=(SENT,), comments=comments)
    held = replace(held, items=(replace(held.items[0], discussion=discussion), *held.items[1:]))
    assert rounds.end_result(body(), held, SENT) is result


MOVED = Movement("v1", "meeting", "m1", Direction.LEFT, NOW)


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({}, False),
        ({"closed_at": NOW}, True),
        ({"movements": (MOVED,)}, True),
        ({"place": "Kirjasto"}, True),
        ({"attachments": (Attachment("a1", "meeting", 1, "Raportti"),)}, True),
        ({"phase": Phase.APPROVED, "version": 7, "minutes_sha256": "x", "join_url": "https://x", "preface": "Otsikko"}, False),
        ({"comments": (comment(),)}, False),
    ],
)
def test_the_record_is_all_that_the_minutes_tell(changes: dict[str, object], changed: bool) -> None:
    held = replace(meeting(), **changes)  # type: ignore[arg-type]  # fields of Meeting by name
    assert rounds.changed_since(held, SENT) is changed


def test_the_record_does_not_depend_on_the_order_of_rows() -> None:
    held = meeting()
    assert rounds.record_digest(held) == rounds.record_digest(replace(held, items=held.items[::-1]))


def test_a_name_that_gets_its_account_leaves_the_round_about_the_same_record() -> None:
    before = meeting(rounds=(SENT,), movements=())
    after = replace(before, presiding_id="m9")
    assert rounds.changed_since(after, after.rounds[-1])
    kept = rounds.same_record(before, after)
    assert not rounds.changed_since(kept, kept.rounds[-1])
    changed = replace(before, place="Kirjasto")
    assert rounds.changed_since(rounds.same_record(changed, after), after.rounds[-1])


@pytest.mark.parametrize("approval", [Approval.CHECKERS, Approval.NEXT_MEETING])
def test_silence_never_approves_without_the_tacit_rule(approval: Approval) -> None:
    held = meeting(phase=Phase.REVIEW, rounds=(SENT,))
    assert rounds.end_result(body(approval=approval), held, SENT) is RoundResult.COLLECTED


def test_every_named_checker_must_have_checked_this_very_text() -> None:
    checked = body(approval=Approval.CHECKERS, checker_ids=("m1", "m2"))
    first = Check("k1", "meeting", "m1", 1, NOW)
    stale = Check("k2", "meeting", "m2", 0, NOW)
    second = Check("k3", "meeting", "m2", 1, NOW)
    assert not rounds.checked_by_all(checked, meeting(checks=(first, stale)), SENT)
    assert rounds.checked_by_all(checked, meeting(checks=(first, second)), SENT)
    assert not rounds.checked_by_all(body(), meeting(checks=(first, second)), SENT)


def test_a_seat_is_reminded_unless_member_or_deputy_has_answered_for_it() -> None:
    """m1 has answered, d2 too; m3 was away and d3 sat in their seat, m4 is on leave, the place of 5 is vacant, of 6 empty altogether."""
    roster = body(6)
    holdings = [replace(one, on_leave=one.person_id == "m4") for one in roster.holdings if one.person_id not in {"m5", "m6", "d6"}]
    sat = (Attendance("a1", "meeting", "d3", Sign.PRESENT, "s3"), Attendance("a2", "meeting", "m3", Sign.EXCUSED, "s3"))
    replies = tuple(RoundReply(f"y{one}", "meeting", sent, one, NOW) for one, sent in (("m1", "r1"), ("d2", "r1"), ("m3", "r0")))
    held = meeting(attendances=sat, replies=replies)
    assert rounds.reminded(replace(roster, holdings=tuple(holdings)), held, SENT) == ("m3", "d3", "d4", "d5")


def test_one_who_holds_several_seats_is_reminded_once() -> None:
    roster = body(2)
    twice = tuple(replace(one, person_id="d1") if one.person_id == "d2" else one for one in roster.holdings)
    there = meeting(attendances=(Attendance("a1", "meeting", "d1", Sign.PRESENT, "s1"),))
    assert rounds.reminded(replace(roster, holdings=twice), there, SENT) == ("m1", "d1", "m2")
