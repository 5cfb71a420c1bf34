"""The one access table: which right a command needs and in which phases of a meeting it means something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from meetings import commands as c
from meetings.errors import NotAllowed, Refused
from meetings.model import Approval, Body, Capacity, Expert, Holding, Meeting, Person, Phase


class Role(StrEnum):
    """What a person is in a body on a day; one may be several."""

    SECRETARY = "secretary"
    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    MEMBER = "member"
    DEPUTY = "deputy"
    EXPERT = "expert"
    CHECKER = "checker"


class Right(StrEnum):
    """LOOK whoever has a part in the body, and on its channel anyone · SET_UP anyone where no body is yet · PREPARE secretary · RUN
    secretary, in the meeting also the chair · PRESIDE chair, vice-chair, secretary · ATTEND seats and experts · COMMENT seats · CHECK
    checkers · QUOTE anyone of the tenant, in the compose box alone · CLOCK only the bot itself."""

    LOOK = "look"
    SET_UP = "set_up"
    PREPARE = "prepare"
    RUN = "run"
    PRESIDE = "preside"
    ATTEND = "attend"
    COMMENT = "comment"
    CHECK = "check"
    QUOTE = "quote"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Access:
    """`phases` empty: not about a meeting, or in any phase."""

    right: Right
    phases: tuple[Phase, ...] = ()


_BEFORE = (Phase.PLANNED, Phase.PUBLISHED)
_AGENDA = (Phase.PLANNED, Phase.PUBLISHED, Phase.OPEN)
_IN = (Phase.OPEN,)
_RECORD = (Phase.OPEN, Phase.CLOSED, Phase.REVIEW)
_AFTER = (Phase.CLOSED, Phase.REVIEW)
_REVIEW = (Phase.REVIEW,)
_LIVE = (Phase.OPEN, Phase.CLOSED, Phase.REVIEW, Phase.PUBLISHED, Phase.PLANNED, Phase.APPROVED)

ACCESS: Mapping[type[c.Command], Access] = {
    c.Welcome: Access(Right.LOOK),
    c.ShowHelp: Access(Right.LOOK),
    c.ShowStatus: Access(Right.LOOK),
    c.AskAgain: Access(Right.LOOK),
    c.SearchDecisions: Access(Right.LOOK),
    c.QuoteDecisions: Access(Right.QUOTE),
    c.QuoteMinutes: Access(Right.QUOTE),
    c.ChooseBody: Access(Right.LOOK),
    c.ChooseLanguage: Access(Right.LOOK),
    c.MuteMessages: Access(Right.LOOK),
    c.UnmuteMessages: Access(Right.LOOK),
    c.ShowMyData: Access(Right.LOOK),
    c.TakeText: Access(Right.PREPARE),
    c.UseText: Access(Right.PREPARE),
    c.AnswerQuestion: Access(Right.PREPARE),
    c.ShowDraft: Access(Right.PREPARE),
    c.DropDraft: Access(Right.PREPARE),
    c.SetUpBody: Access(Right.SET_UP),
    c.ShowBody: Access(Right.PREPARE),
    c.ChangeBody: Access(Right.PREPARE),
    c.ChangeStandingItems: Access(Right.PREPARE),
    c.TakeTemplate: Access(Right.PREPARE),
    c.ReadRoster: Access(Right.PREPARE),
    c.ConfirmRoster: Access(Right.PREPARE),
    c.ShowSeats: Access(Right.LOOK),
    c.ShowSeat: Access(Right.PREPARE),
    c.ChangeSeat: Access(Right.PREPARE),
    c.LinkPerson: Access(Right.PREPARE),
    c.PlanMeeting: Access(Right.PREPARE),
    c.ReadDates: Access(Right.PREPARE),
    c.ConfirmDates: Access(Right.PREPARE),
    c.AskCalendars: Access(Right.PREPARE),
    c.OpenPoll: Access(Right.PREPARE),
    c.ShowPoll: Access(Right.LOOK),
    c.AnswerPoll: Access(Right.ATTEND),
    c.ClosePoll: Access(Right.PREPARE),
    c.ShowMeetings: Access(Right.LOOK),
    c.ShowMeeting: Access(Right.LOOK, _LIVE),
    c.ShowBoard: Access(Right.LOOK),
    c.OpenDesk: Access(Right.RUN, _RECORD),
    c.MoveMeeting: Access(Right.PREPARE, _BEFORE),
    c.CancelMeeting: Access(Right.PREPARE, _BEFORE),
    c.RestoreEvent: Access(Right.PREPARE, _BEFORE),
    c.ReadAgenda: Access(Right.PREPARE, _BEFORE),
    c.ConfirmAgenda: Access(Right.PREPARE, _BEFORE),
    c.ShowAgenda: Access(Right.LOOK, _LIVE),
    c.AddItem: Access(Right.RUN, _AGENDA),
    c.EditItem: Access(Right.RUN, _AGENDA),
    c.MoveItem: Access(Right.PREPARE, _BEFORE),
    c.RemoveItem: Access(Right.RUN, _AGENDA),
    c.AttachDocument: Access(Right.RUN, (Phase.PLANNED, Phase.PUBLISHED, *_RECORD)),
    c.PublishAgenda: Access(Right.PREPARE, _BEFORE),
    c.OpenMeeting: Access(Right.PRESIDE, (Phase.PUBLISHED, Phase.PLANNED)),
    c.SignIn: Access(Right.ATTEND, (Phase.OPEN, Phase.PUBLISHED, Phase.PLANNED)),
    c.ShowAttendance: Access(Right.RUN, (*_IN, Phase.PUBLISHED, Phase.PLANNED, *_AFTER)),
    c.SetAttendance: Access(Right.RUN, (*_IN, Phase.PUBLISHED, Phase.PLANNED, *_AFTER)),
    c.ShowDeputies: Access(Right.ATTEND, (Phase.PUBLISHED, Phase.PLANNED, *_RECORD, Phase.APPROVED)),
    c.CallDeputy: Access(Right.RUN, _AGENDA),
    c.FindQuorum: Access(Right.PRESIDE, _IN),
    c.NoteMovement: Access(Right.RUN, _RECORD),
    c.ShowItem: Access(Right.RUN, _RECORD),
    c.RecordItem: Access(Right.RUN, _RECORD),
    c.RecordOutcome: Access(Right.RUN, _RECORD),
    c.Disqualify: Access(Right.RUN, _RECORD),
    c.RecordVote: Access(Right.RUN, _RECORD),
    c.RecordDissent: Access(Right.RUN, _RECORD),
    c.TakeBack: Access(Right.RUN, _RECORD),
    c.CloseMeeting: Access(Right.PRESIDE, _IN),
    c.CorrectTimes: Access(Right.RUN, _RECORD),
    c.PrepareMinutes: Access(Right.PREPARE, (*_AFTER, Phase.APPROVED)),
    c.SendMinutes: Access(Right.PREPARE, _AFTER),
    c.CommentMinutes: Access(Right.COMMENT, _REVIEW),
    c.AnswerNoComments: Access(Right.COMMENT, _REVIEW),
    c.ShowComments: Access(Right.PREPARE, (Phase.REVIEW, Phase.APPROVED)),
    c.AnswerComment: Access(Right.PREPARE, _REVIEW),
    c.CheckMinutes: Access(Right.CHECK, _REVIEW),
    c.ApproveMinutes: Access(Right.PREPARE, _REVIEW),
    c.EndRound: Access(Right.CLOCK),
    c.TakeAnswers: Access(Right.CLOCK),
    c.NoteCall: Access(Right.CLOCK),
    c.WarnQuorum: Access(Right.CLOCK),
    c.RemindRound: Access(Right.CLOCK),
}


def roles(body: Body, person: Person, day: date) -> frozenset[Role]:
    """Everything the person is in the body on that day. Empty for an outsider."""
    held = {holding.capacity for holding in body.holdings if holding.person_id == person.id and holding.in_force(day)}
    found = {Role.MEMBER if capacity is Capacity.MEMBER else Role.DEPUTY for capacity in held}
    if any(expert.person_id == person.id and expert.in_force(day) for expert in body.experts):
        found.add(Role.EXPERT)
    for person_id, role in ((body.secretary_id, Role.SECRETARY), (body.chair_id, Role.CHAIR), (body.vice_chair_id, Role.VICE_CHAIR)):
        if person_id == person.id:
            found.add(role)
    if person.id in body.checker_ids and body.approval is Approval.CHECKERS:
        found.add(Role.CHECKER)
    return frozenset(found)


def roles_about(body: Body, meeting: Meeting | None, person: Person, today: date) -> frozenset[Role]:
    """The roles of today, and of a meeting also those of its day: its minutes are commented on by those who sat in it, though their term is
    over, and whether they come is told by those who will."""
    held = roles(body, person, today)
    return held | roles(body, person, meeting.day) if meeting else held


def has_part(body: Body, person: Person, day: date) -> bool:
    """Whether the body is the person's to see wherever they are: they are something in it, or will be from a later day."""
    named: tuple[Holding | Expert, ...] = (*body.holdings, *body.experts)
    to_come = {one.person_id for one in named if one.since is not None and day < one.since}
    return person.id in to_come or bool(roles(body, person, day))


def may_read(body: Body, meeting: Meeting, person: Person, today: date) -> bool:
    """Whether what was written of a meeting is the person's to read, by a link of their own: they are of the body, or were that day."""
    return has_part(body, person, today) or bool(roles_about(body, meeting, person, today))


def holds(right: Right, held: frozenset[Role], meeting: Meeting | None) -> bool:
    """Whether roles give a right. The chair may do all the secretary may while the meeting is open."""
    presiding = bool(held & {Role.CHAIR, Role.VICE_CHAIR})
    match right:
        case Right.LOOK | Right.SET_UP | Right.QUOTE:
            return True
        case Right.PREPARE:
            return Role.SECRETARY in held
        case Right.RUN:
            return Role.SECRETARY in held or (presiding and meeting is not None and meeting.phase is Phase.OPEN)
        case Right.PRESIDE:
            return Role.SECRETARY in held or presiding
        case Right.ATTEND:
            return bool(held)
        case Right.COMMENT:
            return bool(held & {Role.MEMBER, Role.DEPUTY, Role.CHAIR, Role.VICE_CHAIR})
        case Right.CHECK:
            return Role.CHECKER in held
        case Right.CLOCK:
            return False


def require(command: c.Command, body: Body | None, meeting: Meeting | None, person: Person, day: date) -> None:
    """Raise `NotAllowed` without the right, `Refused` when the meeting is in a phase where the command means nothing."""
    access = ACCESS[type(command)]
    held = roles_about(body, meeting, person, day) if body else frozenset()
    if not holds(access.right, held, meeting):
        # Where there is no body, there is nobody whose right it would be.
        raise NotAllowed(f"access.{access.right}", body=body.name) if body else NotAllowed("access.set_up")
    if access.phases and meeting is not None and meeting.phase not in access.phases:
        raise Refused(f"phase.{meeting.phase}", meeting=meeting.designation)


def may(command: type[c.Command], body: Body | None, meeting: Meeting | None, person: Person, day: date) -> bool:
    """Whether the command is open to the person now; what help and buttons are made of."""
    return _is_open(command, meeting, roles_about(body, meeting, person, day) if body else frozenset())


def allowed(steps: Iterable[c.Command], body: Body, meeting: Meeting | None, person: Person, day: date) -> list[c.Command]:
    """Those of the steps that are open to the person now."""
    held = roles_about(body, meeting, person, day)
    return [step for step in steps if _is_open(type(step), meeting, held)]


def _is_open(command: type[c.Command], meeting: Meeting | None, held: frozenset[Role]) -> bool:
    access = ACCESS[command]
    if access.phases and (meeting is None or meeting.phase not in access.phases):
        return False
    return holds(access.right, held, meeting)
