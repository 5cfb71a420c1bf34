"""Letters to people without Teams: the agenda, the minutes to comment on and when approved, and what others are told in their chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape

from documents.ics import calendar_file
from jobs import lease
from jobs.calendars import EVENT_HOURS
from meetings import effects as e
from meetings.model import Body, Document, Meeting, Person, Round
from meetings.ports import Event, Letter, Mail, MailFile
from meetings.rules.answers import BEFORE, invited
from meetings.rules.rounds import seats_asked
from meetings.rules.seats import seats_on
from storage.database import Storage
from storage.transaction import Transaction
from texts import format_date, format_times, t, wording

# A personal page tells that it takes no answers any more for so long after the end.
GRACE = timedelta(days=30)
KINDS = {"agenda": "agenda", "approved": "approved"}

# Kind of page, ids (the person's first) and expiry → the address.
PersonalAddress = Callable[[str, tuple[str, ...], datetime], str]


class Letters:
    """Renders the letter of the day and sends it. A letter to somebody who has Teams by now, or no address, is not sent."""

    def __init__(self, storage: Storage, mail: Mail, address: Callable[[str, str], str], personal: PersonalAddress, organiser: str) -> None:
        self._storage = storage
        self._organiser = organiser
        self._mail = mail
        self._address = address
        self._personal = personal

    async def send(self, effect: e.Send) -> str:
        letter = await self._storage.read(lambda tx: self._letter(tx, effect))
        if letter is None:
            return "no letter"
        lease.check()
        await self._mail.send(letter)
        return "sent"

    async def tell(self, effect: e.Tell) -> str:
        """What would have been said in Teams, to a person who is not there."""
        letter = await self._storage.read(lambda tx: self._told(tx, effect))
        if letter is None:
            return "no account"
        lease.check()
        await self._mail.send(letter)
        return "sent by mail"

    def _letter(self, tx: Transaction, effect: e.Send) -> Letter | None:
        person = tx.person(effect.person_id)
        meeting = tx.meeting(effect.meeting_id)
        body = tx.body(meeting.body_id)
        if not by_mail(person):
            return None
        sent = meeting.round
        if effect.letter == "round" and (sent is None or tx.now >= sent.ends_at):
            return None
        language = person.language or body.language
        kind = f"round {sent.number}" if effect.letter == "round" and sent else effect.letter
        pdf = next((one for one in tx.documents(meeting.id) if one.kind == kind and one.format == "pdf"), None)
        files = [MailFile(pdf.name, tx.document_content(pdf.id), "application/pdf")] if pdf else []
        comes = _is_invited(body, meeting, person)
        if effect.letter == "agenda" and comes:
            files.append(_calendar_file(tx, body, meeting, language, self._organiser))
        params = {"body": body.name, "number": meeting.designation, "when": _when(language, meeting)}
        told = "agenda_information" if effect.letter == "agenda" and not comes else f"{effect.letter}_text"
        lines = [t(language, f"mail.{told}", **params)]
        if told == "agenda_information" and any(person.id in seat.deputy_ids for seat in seats_on(body, meeting.day)):
            lines.append(t(language, "mail.agenda_deputy"))
        if effect.letter == "agenda" and meeting.place:
            lines.append(t(language, "mail.place", place=meeting.place))
        if effect.letter == "round" and sent:
            lines.append(t(language, "mail.deadline", deadline=_deadline(language, sent)))
        links = self._links(tx, body, meeting, person, language, pdf, asked=effect.letter == "round")
        subject = t(language, f"mail.{effect.letter}_subject", **params)
        return _written(effect.key, person, _secretary(tx, body), subject, lines, links, language, tuple(files))

    def _told(self, tx: Transaction, effect: e.Tell) -> Letter | None:
        person = tx.person(effect.person_id)
        if not person.email:
            return None
        body = tx.body(effect.body_id) if effect.body_id else None
        meeting = tx.meeting(effect.meeting_id) if effect.meeting_id else None
        language = person.language or (body.language if body else "en")
        lines = [wording(language, f"told.{effect.sentence}", **effect.said)]
        links: tuple[tuple[str, str], ...] = ()
        files: tuple[MailFile, ...] = ()
        if body and meeting:
            comment = next((one for one in meeting.comments if one.id == dict(effect.params).get("comment_id")), None)
            if comment is not None:
                item = next((one for one in meeting.items if one.id == comment.item_id), None)
                where = f"§ {item.section or '–'} {item.title}" if item else t(language, "minutes.whole")
                lines.append(t(language, "mail.your_comment", where=where, text=comment.text))
            if effect.sentence == "called" and _is_invited(body, meeting, person):
                # Their agenda, which came for information, had none.
                files = (_calendar_file(tx, body, meeting, language, self._organiser),)
            agenda = None
            if meeting.phase in BEFORE:
                lines.append(t(language, "mail.when", when=_when(language, meeting)))
                lines += [t(language, "mail.place", place=meeting.place)] if meeting.place else []
                agenda = next((one for one in tx.documents(meeting.id) if (one.kind, one.format) == ("agenda", "pdf")), None)
            links = self._links(tx, body, meeting, person, language, agenda, asked=True)
        subject = f"{body.name} {meeting.designation}" if body and meeting else (body.name if body else "Pykälä")
        return _written(effect.key, person, _secretary(tx, body), subject, lines, links, language, files)

    def _links(
        self, tx: Transaction, body: Body, meeting: Meeting, person: Person, language: str, pdf: Document | None, *, asked: bool
    ) -> tuple[tuple[str, str], ...]:
        links = []
        sent = meeting.round
        holders = {one for seat in seats_asked(body, meeting) for one in seat}
        if asked and sent is not None and sent.ended_at is None and tx.now < sent.ends_at and person.id in holders:
            address = self._personal("comment", (person.id, meeting.id, sent.id), sent.ends_at + GRACE)
            answered = any((one.round_id, one.person_id) == (sent.id, person.id) for one in meeting.replies)
            links.append((t(language, "mail.comments_here" if answered else "mail.comment_here"), address))
        comes = _is_invited(body, meeting, person)
        if meeting.phase in BEFORE and comes:
            until = datetime.combine(meeting.day, meeting.start, tzinfo=body.tz) + GRACE
            links.append((t(language, "mail.answer_here"), self._personal("answer", (person.id, meeting.id), until)))
        if pdf:
            label = "calendar.agenda_file" if pdf.kind == "agenda" else "documents.open_pdf"
            links.append((t(language, label), self._address(pdf.id, person.id)))
        if comes and meeting.join_url and meeting.opened_at is None:
            links.append((t(language, "mail.join"), meeting.join_url))
        return tuple(links)


def by_mail(person: Person) -> bool:
    """Whether letters are this person's only way: an address and no account in Teams."""
    return bool(person.email) and not person.account_id


def later_letters(tx: Transaction, meeting: Meeting, made: Document) -> None:
    """Each edition of a document that the board shows goes to those of the body who cannot see the board."""
    body = tx.body(meeting.body_id)
    ids = {one for seat in seats_on(body, meeting.day) for one in (seat.member_id, *seat.deputy_ids)}
    ids |= {expert.person_id for expert in body.experts if expert.in_force(meeting.day)}
    letter = KINDS.get(made.kind, "round")
    for person in sorted(tx.people(ids - {""}).values(), key=lambda one: one.id):
        if by_mail(person):
            tx.later(e.Send(f"{meeting.id}:{made.kind}:{made.edition}:{person.id}", person.id, letter, meeting.id))


def _is_invited(body: Body, meeting: Meeting, person: Person) -> bool:
    """Whether this person is to come: an uncalled or released deputy gets the agenda for information only."""
    return person.id in frozenset().union(*invited(body, meeting))


def _when(language: str, meeting: Meeting) -> str:
    return f"{format_date(language, meeting.day, weekday=True)} {format_times(language, meeting.start, meeting.end)}"


def _deadline(language: str, sent: Round) -> str:
    day = format_date(language, sent.deadline, weekday=True)
    return f"{day} {format_times(language, sent.deadline_hour, None)}" if sent.deadline_hour else day


def _secretary(tx: Transaction, body: Body | None) -> Person | None:
    """Whom an answer to a letter reaches: a mailbox that only sends may be read by nobody."""
    return tx.people({body.secretary_id}).get(body.secretary_id) if body else None


def _calendar_file(tx: Transaction, body: Body, meeting: Meeting, language: str, organiser: str) -> MailFile:
    start = datetime.combine(meeting.day, meeting.start)
    end = datetime.combine(meeting.day, meeting.end) if meeting.end else start + timedelta(hours=EVENT_HOURS)
    subject = t(language, "calendar.subject", body=body.name, number=meeting.designation)
    event = Event(meeting.id, subject, "", start, end, body.zone, meeting.place, meeting.online, ())
    uid = meeting.event_uid or f"{meeting.id}@pykala"
    content = calendar_file(event, uid, tx.now, organiser, meeting.join_url)
    return MailFile(f"{meeting.number}-{meeting.year}.ics", content, "text/calendar", "PUBLISH")


def _written(
    key: str,
    person: Person,
    secretary: Person | None,
    subject: str,
    lines: list[str],
    links: tuple[tuple[str, str], ...],
    language: str,
    files: tuple[MailFile, ...],
) -> Letter:
    foot = t(language, "mail.foot")
    text = "\n\n".join([*lines, *(f"{label}:\n{address}" for label, address in links), foot]) + "\n"
    parts = [f"<p>{escape(line).replace(chr(10), '<br>')}</p>" for line in lines]
    parts += [f'<p><a href="{escape(address)}">{escape(label)}</a></p>' for label, address in links]
    html = f'<html lang="{language}"><body>{"".join(parts)}<p>{escape(foot)}</p></body></html>'
    reply = (secretary.name, secretary.email) if secretary else ("", "")
    return Letter(key, person.name, person.email, subject, html, text, files, *reply)
