"""What a person can do next: the buttons under every answer, in the order of a meeting's life."""

from __future__ import annotations

from datetime import datetime

from meetings import commands as c
from meetings.access import allowed
from meetings.model import ASKED, Approval, Body, Meeting, Person, Phase
from meetings.rules.answers import BEFORE, waits_for_deputy
from meetings.rules.polls import open_poll
from meetings.rules.seats import seats_on


def next_steps(body: Body, meeting: Meeting | None, person: Person, now: datetime) -> tuple[c.Command, ...]:
    """At most six commands with ids, most likely first, each of which the person may give now. Who marks everybody signs there too."""
    day = now.astimezone(body.tz).date()
    wanted = (*_mending(body, meeting), *_for_meeting(body, meeting)) if meeting else _for_body(body)
    steps = allowed(wanted, body, meeting, person, day)
    if any(isinstance(step, c.ShowAttendance) for step in steps):
        steps = [step for step in steps if not isinstance(step, c.SignIn)]
    return tuple(steps[:6])


def _mending(body: Body, meeting: Meeting) -> tuple[c.Command, ...]:
    """What has gone wrong with the invitation, and seats that wait for a deputy, come before everything else."""
    if meeting.phase not in BEFORE:
        return ()
    asked = meeting.event_trouble in ASKED
    waits = any(waits_for_deputy(meeting, seat) for seat in seats_on(body, meeting.day))
    restore = (c.RestoreEvent(meeting_id=meeting.id),) if asked else ()
    return (*restore, c.ShowDeputies(meeting_id=meeting.id)) if waits else restore


def _for_body(body: Body) -> tuple[c.Command, ...]:
    if not body.seats:
        return (c.ReadRoster(body_id=body.id), c.ShowBody(body_id=body.id), c.PlanMeeting(body_id=body.id), c.ShowHelp())
    asked = (c.ShowPoll(body_id=body.id),) if open_poll(body) else ()
    return (
        *asked,
        c.PlanMeeting(body_id=body.id),
        c.ReadDates(body_id=body.id),
        c.ShowSeats(body_id=body.id),
        c.SearchDecisions(body_id=body.id),
        c.ShowBody(body_id=body.id),
        c.ShowHelp(),
    )


def _for_meeting(body: Body, meeting: Meeting) -> tuple[c.Command, ...]:
    this = meeting.id
    match meeting.phase:
        case Phase.PLANNED:
            return (
                c.ReadAgenda(meeting_id=this),
                c.ShowAgenda(meeting_id=this),
                c.PublishAgenda(meeting_id=this),
                c.MoveMeeting(meeting_id=this),
                c.CancelMeeting(meeting_id=this),
                c.ShowAttendance(meeting_id=this),
                c.SignIn(meeting_id=this, sign="coming"),
                c.SignIn(meeting_id=this, sign="excused"),
            )
        case Phase.PUBLISHED:
            return (
                c.OpenMeeting(meeting_id=this),
                c.ShowAgenda(meeting_id=this),
                c.ShowAttendance(meeting_id=this),
                c.MoveMeeting(meeting_id=this),
                c.CancelMeeting(meeting_id=this),
                c.SignIn(meeting_id=this, sign="coming"),
                c.SignIn(meeting_id=this, sign="excused"),
            )
        case Phase.OPEN if meeting.roll_closed_at is None:
            return (
                c.FindQuorum(meeting_id=this),
                c.ShowAttendance(meeting_id=this),
                c.ShowItem(meeting_id=this),
                c.CloseMeeting(meeting_id=this),
                *(c.SignIn(meeting_id=this, sign=sign) for sign in ("present", "late", "excused")),
                c.ShowAgenda(meeting_id=this),
            )
        case Phase.OPEN:
            return (
                c.ShowItem(meeting_id=this),
                c.ShowAttendance(meeting_id=this),
                c.CloseMeeting(meeting_id=this),
                c.ShowAgenda(meeting_id=this),
                *(c.SignIn(meeting_id=this, sign=sign) for sign in ("arrived", "left")),
            )
        case Phase.CLOSED:
            return (
                c.PrepareMinutes(meeting_id=this),
                c.SendMinutes(meeting_id=this),
                c.ShowItem(meeting_id=this),
                c.ShowAttendance(meeting_id=this),
                c.PlanMeeting(body_id=body.id),
            )
        case Phase.REVIEW:
            approve: tuple[c.Command, ...] = {
                Approval.TACIT: (),
                Approval.CHECKERS: (c.CheckMinutes(meeting_id=this),),
                Approval.NEXT_MEETING: (c.ApproveMinutes(meeting_id=this),),
            }[body.approval]
            return (
                c.ShowComments(meeting_id=this),
                c.CommentMinutes(meeting_id=this),
                c.AnswerNoComments(meeting_id=this),
                *approve,
                c.PrepareMinutes(meeting_id=this),
                c.PlanMeeting(body_id=body.id),
                c.ShowAgenda(meeting_id=this),
            )
        case Phase.APPROVED:
            return (c.PrepareMinutes(meeting_id=this), *_for_body(body))
        case _:
            return _for_body(body)
