"""The minutes' way to approval where somebody is careless or the clock is wrong: nothing is approved by the wrong rule, or lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.model import Answer, Approval, Comment, CommentKind, Meeting, Phase, Round, RoundResult
from meetings.rules.rounds import record_digest
from tests.samples import NOW, body, meeting
from tests.use_cases.stage import stage

ENDS = datetime(2026, 5, 18, 21, 0, tzinfo=UTC)


def in_review(**sent: object) -> Meeting:
    made = meeting(phase=Phase.REVIEW, opened_at=NOW, closed_at=NOW + timedelta(hours=2))
    round_ = Round("round", "meeting", 1, NOW + timedelta(hours=3), date(2026, 5, 18), None, "Europe/Helsinki", record=record_digest(made))
    return replace(made, rounds=(replace(round_, **sent),))  # type: ignore[arg-type]  # fields of Round by name


async def test_a_deadline_met_too_early_is_met_again(tmp_path: Path) -> None:
    async with stage(tmp_path, meeting=in_review()) as room:
        room.now = ENDS - timedelta(seconds=1)
        await room.by_the_clock(c.EndRound(meeting_id="meeting", round_id="round"))
        assert (await room.meeting()).phase is Phase.REVIEW
        assert await room.due("EndRound") == [ENDS]
        room.now = ENDS
        await room.by_the_clock(c.EndRound(meeting_id="meeting", round_id="round"))
        assert (await room.meeting()).phase is Phase.APPROVED


@pytest.mark.parametrize(("approval", "phase"), [(Approval.TACIT, Phase.APPROVED), (Approval.CHECKERS, Phase.REVIEW)])
async def test_the_last_answer_approves_only_where_silence_does(tmp_path: Path, approval: Approval, phase: Phase) -> None:
    proposal = Comment("comment", "meeting", "round", "m3", CommentKind.PROPOSAL, "Toisin", NOW)
    stopped = replace(in_review(result=RoundResult.STOPPED), comments=(proposal,))
    async with stage(tmp_path, body(approval=approval, checker_ids=("m3",)), stopped) as room:
        room.now = ENDS
        long = c.AnswerComment(meeting_id="meeting", comment_id="comment", answer="rejected", reason="x" * 2001)
        assert await room.refused("sec", long) == "record.too_long"
        await room.do("sec", replace(long, reason="Ei pidä paikkaansa."))
        after = await room.meeting()
        assert (after.comments[0].answer, after.phase) == (Answer.REJECTED, phase)


@pytest.mark.parametrize(
    ("kind", "answer", "refusal"),
    [
        (CommentKind.PROPOSAL, Answer.OPEN, "minutes.proposal_waits"),
        (CommentKind.PROPOSAL, Answer.REJECTED, ""),
        (CommentKind.REMARK, Answer.OPEN, ""),
    ],
)
async def test_who_proposes_a_change_has_comments_until_it_is_answered(
    tmp_path: Path, kind: CommentKind, answer: Answer, refusal: str
) -> None:
    mine = Comment("comment", "meeting", "round", "m3", kind, "Toisin", NOW, answer=answer)
    async with stage(tmp_path, meeting=replace(in_review(), comments=(mine,))) as room:
        room.now = NOW + timedelta(hours=4)
        silent = c.AnswerNoComments(meeting_id="meeting")
        await room.do("m2", silent)
        if refusal:
            assert await room.refused("m3", silent) == refusal
        else:
            await room.do("m3", silent)


async def test_minutes_are_approved_in_a_meeting_there_was(tmp_path: Path) -> None:
    async with stage(tmp_path, body(approval=Approval.NEXT_MEETING), in_review(result=RoundResult.COLLECTED)) as room:
        later = replace(meeting(opened_at=NOW, phase=Phase.OPEN), id="later", number=5, day=date(2026, 6, 1), items=())
        await room.storage.run(lambda tx: tx.save(later), actor=await room.person("sec"))
        assert await room.refused("sec", c.ApproveMinutes(meeting_id="meeting", approved_in="99/2099")) == "minutes.no_later_meeting"
        await room.do("sec", c.ApproveMinutes(meeting_id="meeting"))
        assert (await room.meeting()).approved_in == "5/2026"


async def test_a_meeting_without_items_has_its_times_put_right_too(tmp_path: Path) -> None:
    async with stage(tmp_path, meeting=meeting(items=0, phase=Phase.OPEN, opened_at=NOW)) as room:
        room.at("10.30")
        await room.do("sec", c.CorrectTimes(meeting_id="meeting", opened="10.05"))
        assert (await room.meeting()).opened_at == NOW + timedelta(minutes=5)
