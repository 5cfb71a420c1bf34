"""Agenda and minutes of a meeting from the database: the record with the people, meetings and changes of the roster it tells about."""

from __future__ import annotations

from documents.blocks import MinutesDoc
from documents.outline import agenda_doc, minutes_doc
from meetings.model import Body, Meeting, Phase
from meetings.ports import Tx


def agenda_of(tx: Tx, meeting_id: str) -> MinutesDoc:
    """The agenda as it stands."""
    meeting = tx.meeting(meeting_id)
    body = tx.body(meeting.body_id)
    return agenda_doc(body, meeting, tx.people(_named(body, meeting)))


def minutes_of(tx: Tx, meeting_id: str) -> MinutesDoc:
    """The minutes as the record stands."""
    meeting = tx.meeting(meeting_id)
    body = tx.body(meeting.body_id)
    held = [one for one in tx.meetings(body.id) if one.phase is not Phase.CANCELLED]
    earlier = [one for one in held if (one.day, one.start) < (meeting.day, meeting.start)]
    upcoming = [one for one in held if (one.day, one.start) > (meeting.day, meeting.start)]
    return minutes_doc(body, meeting, tx.people(_named(body, meeting)), upcoming=upcoming, previous=earlier[-1] if earlier else None)


def _named(body: Body, meeting: Meeting) -> set[str]:
    found = {holding.person_id for holding in body.holdings} | {expert.person_id for expert in body.experts}
    found |= {body.secretary_id, body.chair_id, body.vice_chair_id, meeting.presiding_id, *body.checker_ids}
    found |= {one.person_id for one in meeting.attendances} | {one.person_id for one in meeting.movements}
    found |= {one.person_id for one in meeting.dissents}
    found |= {person for one in meeting.disqualifications for person in (one.person_id, one.deputy_id)}
    return found - {""}
