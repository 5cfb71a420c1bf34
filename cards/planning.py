"""Cards of planning, moving and cancelling meetings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cards.drafts import POINTED_OUT, questions, unplaced
from cards.kit import Card
from meetings import commands as c
from meetings.model import Availability, Meeting, Phase
from meetings.rules.planning import LONGEST_PLACE, LONGEST_REASON, Plan
from meetings.rules.schedules import Fit, moment
from meetings.screens.base import Screen
from meetings.screens.planning import (
    PAGE,
    CancelForm,
    DateRow,
    DatesPlanned,
    DatesRead,
    DatesWanted,
    MeetingForm,
    MeetingPlanned,
    MeetingsShown,
)
from texts import format_date, format_times

# So many people are named.
NAMED = 5


def meeting_form(card: Card, screen: MeetingForm) -> None:
    body, meeting = screen.body, screen.meeting
    if meeting is None:
        card.heading(card.t("planning.title"), subtitle=body.name)
    else:
        card.heading(card.t("planning.move_title", number=meeting.designation), subtitle=body.name)
        card.line("planning.now", when=when(card, meeting))
    if screen.unread:
        card.line("planning.typed")
        card.typed(screen.unread, limit=300)
    for doubt in screen.doubts:
        card.notice(doubt, wrong=True)
    if screen.doubts:
        card.line("planning.fix" if screen.stops else "planning.sure")
    card.date_input("day", card.t("planning.day"), screen.day, required=True)
    card.time_input("start", card.t("planning.start"), screen.start, required=True)
    card.time_input("end", card.t("planning.end"), screen.end)
    card.text_input("place", card.t("planning.place"), screen.place, length=LONGEST_PLACE, placeholder=card.t("planning.place_hint"))
    card.toggle_input("online", card.t("planning.online"), value=screen.online)
    if meeting is None:
        hint = card.t("planning.number_hint", number=str(screen.next_number))
        card.text_input("number", card.t("planning.number"), screen.number, length=8, placeholder=hint)
    asked = bool(screen.doubts) and not screen.stops
    plain: c.Command
    sure: c.Command
    if meeting is None:
        plain, sure = c.PlanMeeting(body_id=body.id), c.PlanMeeting(body_id=body.id, confirmed=True)
    else:
        plain = c.MoveMeeting(meeting_id=meeting.id, version=meeting.version)
        sure = c.MoveMeeting(meeting_id=meeting.id, version=meeting.version, confirmed=True)
    title = card.t("planning.save_move" if meeting else "planning.save")
    if asked:
        card.buttons([(plain, card.t("planning.check_again")), (sure, card.t("planning.anyway_move" if meeting else "planning.anyway"))])
    else:
        card.submit(plain, title=title)


def meeting_planned(card: Card, screen: MeetingPlanned) -> None:
    meeting = screen.meeting
    card.heading(card.t("planning.meeting", number=meeting.designation), subtitle=screen.body.name)
    card.facts(
        (
            (card.t("planning.when"), when(card, meeting)),
            (card.t("planning.place"), where(card, meeting)),
            (card.t("planning.items"), str(len(meeting.items)) if meeting.items else ""),
            (card.t("planning.phase"), card.t(f"phase_name.{meeting.phase}")),
        )
    )
    if meeting.phase in {Phase.PLANNED, Phase.PUBLISHED}:
        card.subtle("planning.calendar")
        unreached(card, screen.without_address)


def cancel_form(card: Card, screen: CancelForm) -> None:
    meeting = screen.meeting
    card.heading(card.t("planning.cancel_title", number=meeting.designation), subtitle=screen.body.name)
    card.facts(((card.t("planning.when"), when(card, meeting)), (card.t("planning.place"), where(card, meeting))))
    card.line("planning.cancel_what")
    card.text_input("reason", card.t("planning.reason"), screen.reason, lines=True, required=True, length=LONGEST_REASON)
    card.submit(c.CancelMeeting(meeting_id=meeting.id, version=meeting.version, confirmed=True), title=card.t("planning.cancel_now"))


def meetings_shown(card: Card, screen: MeetingsShown) -> None:
    subtitle = card.t("planning.page", page=screen.page, pages=screen.pages) if screen.pages > 1 else ""
    card.heading(card.t("planning.meetings"), subtitle=" · ".join(part for part in (screen.body.name, subtitle) if part))
    if not screen.meetings:
        card.line("planning.none")
    for meeting in screen.meetings:
        state = card.t(f"phase_name.{meeting.phase}")
        if meeting.cancel_reason:
            state = f"{state}: {meeting.cancel_reason[:120]}"
        card.subheading(f"{meeting.designation} – {when(card, meeting)}")
        card.words(" · ".join(part for part in (where(card, meeting), state) if part))
        if meeting.phase is not Phase.CANCELLED:
            card.buttons([(c.ShowMeeting(meeting_id=meeting.id), card.t("planning.open", number=meeting.designation))])


def dates_wanted(card: Card, screen: DatesWanted) -> None:
    card.heading(card.t("planning.dates_title"), subtitle=screen.body.name)
    card.line("planning.dates_how")
    card.typed(card.t("planning.dates_example"))
    card.text_input("text", card.t("planning.dates_paste"), screen.text, lines=True, required=True, length=8000)
    card.submit(c.ReadDates(body_id=screen.body.id), title=card.t("planning.dates_read"))


def dates_read(card: Card, screen: DatesRead) -> None:
    ranked = [(row, row.fit) for row in screen.rows if row.fit]
    page = card.t("planning.page", page=screen.page, pages=screen.pages) if ranked and screen.pages > 1 else ""
    card.heading(card.t("planning.dates_title"), subtitle=" · ".join(part for part in (screen.body.name, page) if part))
    if not screen.rows:
        card.line("planning.dates_none")
    else:
        card.line("planning.dates_found", count=len(screen.rows))
    questions(card, screen.draft, screen.questions)
    if ranked:
        by_calendars(card, screen, ranked)
    elif screen.rows:
        _dates(card, [(one.number, when(card, one.plan), where(card, one.plan)) for one in screen.rows])
    if not ranked:
        doubtful(card, screen.rows)
    unplaced(card, "planning.unplaced", screen.rest)


def by_calendars(card: Card, screen: DatesRead, ranked: Sequence[tuple[DateRow, Fit]]) -> None:
    """The dates as the calendars rank them, a page at a time, with a button each."""
    card.line("schedules.ranked")
    if screen.unread:
        card.subtle("schedules.unread", count=len(screen.unread), names=_some(screen.unread))
    first = (screen.page - 1) * PAGE
    for place, (row, fit) in enumerate(ranked[first : first + PAGE], start=first + 1):
        card.subheading(f"{place}. " + ", ".join(part for part in (when(card, row.plan), where(card, row.plan)) if part))
        card.words(" · ".join(_said(card, fit)))
        for key, names in (("full", row.full), ("unsure", row.unsure)):
            if names:
                card.subtle(f"schedules.{key}", count=len(names), names=_some(names))
        for doubt in row.doubts:
            card.subtle(doubt.key, **dict(doubt.params))
        taken = c.ConfirmDates(draft_id=screen.draft.id, only=moment(row.plan))
        card.buttons([(taken, card.t("schedules.take", number=place))])


def _said(card: Card, fit: Fit) -> list[str]:
    """The seats covered, who of those who lead the meeting is not free, and how much is only tentative."""
    heads = (("chair", fit.chair), ("vice_chair", fit.vice_chair), ("secretary", fit.secretary))
    return [
        card.t("schedules.covered", covered=fit.covered, seats=fit.seats, members=fit.members),
        *(card.t(f"schedules.{who}_busy") for who, one in heads if one is Availability.BUSY),
        *([card.t("schedules.perhaps", count=fit.perhaps)] if fit.perhaps else []),
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def doubtful(card: Card, rows: Sequence[DateRow]) -> None:
    # What cannot be planned at all comes first: it is why there is no button to plan.
    doubts = sorted((doubt for one in rows for doubt in one.doubts), key=lambda doubt: doubt.key != "planning.doubt_end")
    for doubt in doubts[:POINTED_OUT]:
        card.notice(doubt, wrong=True)
    if len(doubts) > POINTED_OUT:
        card.subtle("planning.more_doubts", count=len(doubts) - POINTED_OUT)


def _dates(card: Card, rows: Iterable[tuple[str, str, str]]) -> None:
    """Number, time and place of each."""
    heads = (card.t("planning.number_head"), card.t("planning.when"))
    card.table(heads, [(number, f"{time}\n{place}" if place else time) for number, time, place in rows], (2, 5))


def dates_planned(card: Card, screen: DatesPlanned) -> None:
    card.heading(card.t("planning.meetings"), subtitle=screen.body.name)
    _dates(card, [(one.designation, when(card, one), where(card, one)) for one in screen.meetings])
    card.subtle("planning.calendar")
    unreached(card, screen.without_address)


def unreached(card: Card, names: Sequence[str], key: str = "planning.no_address") -> None:
    """Whom nothing reaches; no line when it is nobody."""
    if names:
        card.line(key, count=len(names), names=", ".join(names))


def when(card: Card, meeting: Meeting | Plan) -> str:
    """`ma 11.5.2020 klo 10.00–12.00`."""
    return f"{format_date(card.language, meeting.day, weekday=True)} {format_times(card.language, meeting.start, meeting.end)}"


def where(card: Card, meeting: Meeting | Plan) -> str:
    """The room, Teams, or both."""
    online = card.t("planning.teams") if meeting.online and "teams" not in meeting.place.casefold() else ""
    return ", ".join(part for part in (meeting.place, online) if part)


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    MeetingForm: meeting_form,
    MeetingPlanned: meeting_planned,
    CancelForm: cancel_form,
    MeetingsShown: meetings_shown,
    DatesWanted: dates_wanted,
    DatesRead: dates_read,
    DatesPlanned: dates_planned,
}
