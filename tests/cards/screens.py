"""One sample of every screen, in a small and in a large meeting. The large one is as full as the rules of input allow, and everything a
person may type is typed as markup, in emoji and from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from meetings import commands as c
from meetings.model import (
    Answer,
    Approval,
    Attachment,
    Availability,
    Body,
    Capacity,
    Choice,
    Comment,
    CommentKind,
    DeputyCall,
    Direction,
    Disqualification,
    Dissent,
    Document,
    Draft,
    Expert,
    Holding,
    Item,
    Meeting,
    Movement,
    Outcome,
    Person,
    Phase,
    Poll,
    PollOption,
    Round,
    RoundResult,
    Seat,
    Sign,
    Standing,
    StandingItem,
    Vote,
)
from meetings.ports import Decision, Span
from meetings.reading.agenda import AgendaReading, read_agenda
from meetings.reading.moments import read_dates
from meetings.reading.roster import read_roster
from meetings.rules.agenda import fitting
from meetings.rules.answers import Expected
from meetings.rules.calls import Difference
from meetings.rules.numbering import in_order
from meetings.rules.people import places_of
from meetings.rules.planning import Plan
from meetings.rules.polls import Suiting
from meetings.rules.presence import Quorum
from meetings.rules.schedules import Fit
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps
from meetings.screens import (
    agenda,
    answers,
    attendance,
    base,
    guide,
    minutes,
    people,
    planning,
    polls,
    quotes,
    record,
    search,
    seats,
    setup,
)
from meetings.screens.base import Screen, sentence
from meetings.use_cases.people import KINDS
from tests import samples
from tests.nasty import CARD

LONGEST = 20_000


@dataclass(frozen=True)
class Words:
    """What people have typed: plain and short, or hostile and as long as the forms take."""

    hostile: bool

    def line(self, text: str, length: int = 200) -> str:
        """A text of one line."""
        return " ".join(f"{text} {CARD}".split())[:length].strip() if self.hostile else text

    def text(self, text: str, length: int = LONGEST) -> str:
        """A text of many lines, exactly `length` long when hostile."""
        return (f"{text} {CARD}\n\n" * (length // len(CARD) + 1))[:length] if self.hostile else text


@dataclass(frozen=True)
class World:
    """A body, its people and its meeting, in one size."""

    words: Words
    body: Body
    people: dict[str, Person]
    meeting: Meeting

    @property
    def large(self) -> bool:
        return self.words.hostile


def world(*, large: bool) -> World:
    words = Words(large)
    seat_count, item_count, comment_count, attachment_count = (20, 30, 40, 15) if large else (3, 4, 2, 1)
    body = replace(
        samples.body(seat_count),
        name=words.line("Saarten ohjausryhmä", 120),
        approval_rule=words.line("Ellei muutosesityksiä tule, pöytäkirja katsotaan hyväksytyksi.", 600),
        languages=("fi", "sv"),
        checker_ids=("m2", "m3"),
        standing_items=tuple(
            StandingItem(f"st{n}", "body", n, Standing.NONE, words.line(f"Vakioasia {n}", 150), words.line("Merkitään tiedoksi.", 200))
            for n in range(1, item_count + 1)
        ),
        seats=tuple(Seat(f"s{n}", "body", n, words.line(f"Järjestö {n}")) for n in range(1, seat_count + 1)),
        holdings=tuple(
            holding
            for n in range(1, seat_count + 1)
            for holding in (
                Holding(f"hm{n}", "body", f"s{n}", f"m{n}", Capacity.MEMBER, on_leave=n == 3, since=date(2026, 1, 1)),
                Holding(f"hd{n}", "body", f"s{n}", f"d{n}", Capacity.DEPUTY, 1),
                Holding(f"he{n}", "body", f"s{n}", f"e{n}", Capacity.DEPUTY, 2, until=date(2027, 12, 31)),
            )
        ),
        experts=tuple(Expert(f"ex{n}", "body", f"x{n}", words.line("Saaristotoimisto")) for n in range(1, 13 if large else 2)),
    )
    ids = ["sec", *(f"{kind}{n}" for n in range(1, seat_count + 1) for kind in "mde"), *(one.person_id for one in body.experts)]
    people = {
        one: Person(one, "tenant", words.line(f"Henkilö {one}", 120), email=f"{one}@saaret.example", account_id=one if n % 2 else "")
        for n, one in enumerate(ids)
    }
    items = tuple(
        Item(
            f"i{n}",
            "meeting",
            n,
            words.line(f"Asia {n}", 500),
            section=n,
            standing=Standing.OPENING if n == 1 else Standing.NONE,
            presenter=words.line("Elli Eskola", 500),
            proposal=words.text("Hyväksytään suunnitelma."),
            earlier=words.text("16.4.2026 (7 §)"),
            rest=words.text("Vapaa teksti."),
            handling=words.text("Esittelijä kertoi asian taustan."),
            discussion=words.text("Käytiin keskustelu."),
            decision=words.text("Päätettiin omin sanoin."),
            outcome=Outcome.AS_PROPOSED if n == 2 else Outcome.NONE,
            changed_at=samples.NOW if n > 1 else None,
        )
        for n in range(1, item_count + 1)
    )
    at = samples.NOW + timedelta(minutes=33)
    meeting = replace(
        samples.meeting(),
        place=words.line("Kunnantalo", 200),
        online=True,
        join_url="https://teams.example/l/meetup-join/1",
        preface=words.text("Aika ja paikka"),
        opened_at=samples.NOW,
        roll_closed_at=samples.NOW,
        phase=Phase.OPEN,
        current_item_id="i3",
        items=items,
        attachments=tuple(
            Attachment(f"a{n}", "meeting", n, words.line(f"Suunnitelma {n}", 300), "https://saaret.example/a.pdf", ("i2", "i3"))
            for n in range(1, attachment_count + 1)
        ),
        movements=tuple(
            Movement(f"mv{n}", "meeting", f"m{n}", Direction.ARRIVED if n % 2 else Direction.LEFT, at, "i3" if n % 3 else "")
            for n in range(1, 13 if large else 3)
        ),
        disqualifications=tuple(
            Disqualification(f"dq{n}", "meeting", "i3", f"m{n}", words.line("Hankkeen osapuoli", 1000), at, None, f"d{n}")
            for n in range(1, 6 if large else 2)
        ),
        votes=(Vote("v1", "meeting", "i3", words.text("Hylätään."), 2, 2, 0, chair_choice=Choice.FOR),),
        dissents=tuple(
            Dissent(f"ds{n}", "meeting", "i3", f"m{n}", words.text("Kustannukset.")) for n in ((7, 8, 9, 10) if large else (2,))
        ),
        rounds=(
            Round("r1", "meeting", 1, samples.NOW, date(2026, 5, 11), None, "Europe/Helsinki", RoundResult.REPLACED),
            Round("r2", "meeting", 2, samples.NOW, date(2026, 5, 18), time(16, 0), "Europe/Helsinki"),
        ),
        comments=tuple(
            Comment(
                f"c{n}",
                "meeting",
                "r2",
                f"m{n % seat_count + 1}",
                CommentKind.PROPOSAL if n % 2 else CommentKind.REMARK,
                words.text("Nimi on väärin."),
                samples.NOW,
                f"i{n % item_count + 1}" if n % 3 else "",
                Answer.REJECTED if n == 2 else Answer.OPEN,
                words.text("Nimi on oikein.", 2000) if n == 2 else "",
            )
            for n in range(1, comment_count + 1)
        ),
    )
    return World(words, body, people, meeting)


def screens(w: World) -> Iterator[Screen]:
    """Every screen at least once, with the buttons the use case gives it for the secretary."""
    yield from _guide(w)
    yield from _setup(w)
    yield from _seats(w)
    yield from _planning(w)
    yield from _polls(w)
    yield from _agenda(w)
    yield from _attendance(w)
    yield from _answers(w)
    yield from _record(w)
    yield from _minutes(w)
    yield from _search(w)
    yield from _quotes(w)
    yield from _people(w)


def _steps(w: World, meeting: Meeting | None) -> tuple[c.Command, ...]:
    return next_steps(w.body, meeting, w.people["sec"], samples.NOW)


def _unreached(w: World) -> tuple[str, ...]:
    return tuple(person.name for person in w.people.values())


def _documents(kind: str, of: str = "doc") -> tuple[Document, ...]:
    return tuple(Document(f"{of}-{form}", "meeting", kind, form, 1, f"a.{form}", "0" * 64) for form in ("pdf", "docx"))


def in_phase(w: World, phase: Phase) -> Meeting:
    """The meeting in another phase, as far as the phase has come."""
    life = list(Phase)
    later = life.index(phase) > life.index(Phase.OPEN) and phase is not Phase.CANCELLED
    return replace(
        w.meeting,
        phase=phase,
        published_at=None if phase is Phase.PLANNED else samples.NOW,
        opened_at=samples.NOW if later or phase is Phase.OPEN else None,
        roll_closed_at=samples.NOW if later or phase is Phase.OPEN else None,
        closed_at=samples.NOW + timedelta(hours=2) if later else None,
        approved_at=samples.NOW + timedelta(days=9) if phase is Phase.APPROVED else None,
        approved_how=Approval.TACIT if phase is Phase.APPROVED else None,
        minutes_sha256="0f" * 32 if phase is Phase.APPROVED else "",
        cancel_reason=w.words.text("Myrsky.", 500) if phase is Phase.CANCELLED else "",
    )


def _guide(w: World) -> Iterator[Screen]:
    lost = (c.ShowStatus(), c.ShowHelp())
    yield base.Told(text=sentence("setup.channel_taken", name=w.body.name), wrong=True, steps=lost)
    yield base.Told(
        text=sentence("told.comment_rejected_because", number="4/2026", reason=w.words.text("Nimi on oikein.", 2000)),
        notice=sentence("agenda.edited", title=w.meeting.items[1].title),
        steps=_steps(w, w.meeting),
    )
    yield base.Told(text=sentence("turn.not_kept"), wrong=True, steps=lost[:1])
    yield base.Told(text=sentence("turn.fault", turn="7f3a9c21"), wrong=True, steps=lost[:1])
    yield guide.Welcomed(on_board=True, steps=(c.SetUpBody(), c.ShowHelp(), c.ChooseLanguage()))
    yield guide.Welcomed(on_board=False, steps=_steps(w, None))
    typed = (c.ShowHelp(), c.ShowStatus(), c.SetUpBody(), c.ShowBody(), c.ReadRoster(), c.PlanMeeting(), c.ReadAgenda(), c.ShowItem())
    yield guide.HelpShown(body=w.body, commands=typed, steps=_steps(w, w.meeting))
    yield guide.AskedAgain(text=w.words.text("pöytikirja", 4000), steps=(c.PrepareMinutes(), *lost))
    waits = (sentence("answers.coming", coming=2, seats=3, needed=2), sentence("status.agenda_late", day=date(2026, 5, 4)))
    held = tuple(
        (replace(w.body, id=f"b{n}"), ((w.meeting, waits), (in_phase(w, Phase.REVIEW), waits))) for n in range(5 if w.large else 1)
    )
    yield guide.StatusShown(bodies=(*held, (w.body, ())), steps=_steps(w, w.meeting))
    several = tuple(replace(w.body, id=f"b{n}", name=f"{n} {w.body.name}"[:120]) for n in range(8 if w.large else 2))
    yield guide.BodiesShown(bodies=several, steps=_steps(w, w.meeting))
    yield guide.StatusShown(bodies=(), steps=(c.SetUpBody(), c.ShowHelp(), c.ChooseLanguage()))
    draft = Draft("dr", "body", "", w.words.text("Jotakin tekstiä", 100_000))
    kinds = tuple(c.UseText(draft_id="dr", kind=kind) for kind in ("agenda", "roster", "dates"))
    yield guide.TextTaken(draft=draft, name=w.words.line("lista.docx"), steps=(*kinds, c.DropDraft(draft_id="dr")))
    yield guide.TextTaken(draft=draft, name="", steps=(*kinds, c.DropDraft(draft_id="dr")))


def _setup(w: World) -> Iterator[Screen]:
    yield setup.SetUpForm(name=w.body.name, language="", language_2="", notice=sentence("setup.name_missing"), wrong=True)
    yield setup.SetUpForm(name="", language="sv", language_2="fi")
    yield setup.BodySetUp(body=w.body, steps=_steps(w, None))
    yield setup.BodySetUp(
        body=replace(w.body, seats=(), standing_items=()), steps=next_steps(replace(w.body, seats=()), None, w.people["sec"], samples.NOW)
    )
    people = tuple(w.people.values())[:60]
    steps = (
        c.ChangeStandingItems(body_id="body"),
        c.TakeTemplate(body_id="body"),
        c.ReadRoster(body_id="body"),
        c.ShowSeats(body_id="body"),
    )
    yield setup.BodyForm(body=w.body, typed=None, accounts=people, offices=people, members=people, steps=steps)
    typed = c.ChangeBody(name=w.body.name, language="fi", secretary_id="sec", approval="checkers", quorum="2/3", numbering="through_year")
    yield setup.BodyForm(
        body=w.body, typed=typed, accounts=people, offices=people, members=people, notice=sentence("setup.stale"), wrong=True
    )
    lines = "\n".join(f"{one.title} | {one.proposal}" for one in w.body.standing_items)[:8000]
    yield setup.StandingItemsForm(body=w.body, lines=lines, steps=(c.ShowBody(body_id="body"), *_steps(w, None)[:3]))


def _roster_text(w: World) -> str:
    seats = 20 if w.large else 3
    rows = [f"{w.words.line(f'Järjestö {n}', 80)}; Matti Meikäläinen {n}; Maija Malli {n} / Ville Vuori {n}" for n in range(1, seats + 1)]
    return "\n".join(["Järjestö; Jäsen; Varajäsen", *rows, "Saaristo; (Elli Eskola, virkavapaa); Onni Ojala"])


def _seats(w: World) -> Iterator[Screen]:
    yield seats.RosterWanted(body=w.body)
    yield seats.RosterWanted(body=w.body, text=w.words.text("Järjestö; Jäsen"), notice=sentence("seats.nothing_read"), wrong=True)
    on_day = seats_on(w.body, w.meeting.day)
    experts = tuple((one.person_id, one.organisation) for one in w.body.experts)
    linking = tuple(one for one in w.people.values() if not one.account_id)[:60]
    accounts = tuple(one for one in w.people.values() if one.account_id)[:60]
    yield seats.SeatsShown(
        body=w.body,
        seats=on_day[:15],
        people=w.people,
        page=1,
        pages=2,
        experts=experts,
        editing=True,
        unlinked=linking,
        accounts=accounts,
        steps=(c.ShowSeats(body_id="body", page=2), c.ReadRoster(body_id="body"), *_steps(w, None)[:2]),
    )
    yield seats.SeatsShown(body=w.body, seats=on_day[:15], people=w.people, page=1, pages=1)
    yield seats.SeatsShown(body=w.body, seats=(), people={}, page=1, pages=1, steps=(c.ReadRoster(body_id="body"),))
    yield seats.SeatForm(
        body=w.body,
        seat=w.body.seats[2],
        history=tuple(one for one in w.body.holdings if one.seat_id == "s3") * (6 if w.large else 1),
        people=w.people,
        organisation=w.body.seats[2].organisation,
        member=w.people["m3"].name,
        member_email="m3@saaret.example",
        member_account=accounts[0].id if accounts else "",
        deputies=w.words.text("Maija Malli <maija@saaret.example>", 1500),
        deputy_account="somebody Teams found",
        on_leave=True,
        since="2026-08-01",
        unlinked=linking,
        accounts=accounts,
        steps=(c.ShowSeats(body_id="body"), c.PlanMeeting(body_id="body"), c.ShowStatus(), c.ShowHelp()),
    )
    reading = read_roster(_roster_text(w))
    written = [seats.Written(w.words.line(f"Henkilö {n}", 120), "", n % 2 == 0, ("chair",) if n == 0 else ()) for n in range(20)]
    rows = tuple(
        seats.RosterRow(n + 1, w.words.line(f"Järjestö {n}"), written[n] if n else None, n == 2, (written[n], written[-n - 1]))
        for n in range(15 if w.large else 3)
    )
    draft = Draft("dr", "body", "roster", _roster_text(w))
    officers = tuple(written[:6])
    for since in ("", "2026-08-01"):
        yield seats.RosterRead(
            body=w.body,
            draft=draft,
            rows=rows,
            experts=tuple((one, w.words.line("Saaristotoimisto")) for one in written),
            officers=officers,
            questions=reading.questions,
            rest=tuple(w.words.line(f"rivi {n}", 500) for n in range(40 if w.large else 2)),
            since=since,
            page=1,
            pages=2 if w.large else 1,
            seats=20,
            deputies=40,
            linked=5,
            steps=(*((c.ShowDraft(draft_id="dr", page=2),) if w.large else ()), c.ReadRoster(body_id="body"), c.DropDraft(draft_id="dr")),
        )
    yield seats.RosterRead(
        body=w.body,
        draft=draft,
        rows=(),
        experts=(),
        officers=(),
        questions=read_roster("*").questions,
        rest=(w.words.line("rivi"),),
        since="",
        page=1,
        pages=1,
        seats=0,
        deputies=0,
        linked=0,
        steps=(c.ReadRoster(body_id="body"), c.DropDraft(draft_id="dr")),
    )


def _planning(w: World) -> Iterator[Screen]:
    form = {"number": "", "next_number": 5, "day": "2026-06-19", "start": "10:00", "end": "12:00", "place": w.meeting.place, "online": True}
    doubts = (
        sentence("planning.doubt_holiday", day=date(2026, 6, 19), holiday="juhannusaatto"),
        sentence("planning.doubt_clash", day=date(2026, 6, 19), number="4/2026", start=time(10, 0)),
    )
    new = (c.ReadDates(body_id="body"), c.ShowMeetings(body_id="body"))
    yield planning.MeetingForm(body=w.body, meeting=None, steps=new, unread=w.words.text("joskus kesällä", 2000), **form)  # type: ignore[arg-type]
    yield planning.MeetingForm(body=w.body, meeting=None, steps=new, doubts=doubts, **form)  # type: ignore[arg-type]
    stops = (sentence("planning.doubt_end", start=time(12, 0), end=time(10, 0)),)
    yield planning.MeetingForm(body=w.body, meeting=w.meeting, steps=new[1:], doubts=stops, stops=True, **form)  # type: ignore[arg-type]
    planned = in_phase(w, Phase.PLANNED)
    yield planning.MeetingPlanned(body=w.body, meeting=planned, without_address=_unreached(w), steps=_steps(w, planned))
    yield planning.CancelForm(body=w.body, meeting=w.meeting, reason=w.words.text("Myrsky.", 500), steps=(c.ShowMeetings(body_id="body"),))
    several = tuple(replace(in_phase(w, phase), id=f"me{n}", number=n) for n, phase in enumerate(list(Phase)[-6:], start=1))
    yield planning.MeetingsShown(
        body=w.body, meetings=several, page=1, pages=2, steps=(c.ShowMeetings(body_id="body", page=2), *_steps(w, None))
    )
    yield planning.MeetingsShown(body=w.body, meetings=(), page=1, pages=1, steps=_steps(w, None))
    yield planning.DatesWanted(body=w.body, text=w.words.text("joskus", 8000), notice=sentence("planning.dates_none"), wrong=True)
    text = "\n".join(f"{1 + n % 28}.{6 + n // 28}.2027, klo 1{n % 3}.30-1{n % 3 + 2}.30 (Teams)" for n in range(40 if w.large else 3))
    reading = read_dates(text, date(2026, 5, 11))
    plan = Plan(date(2027, 6, 1), time(11, 30), time(13, 30), w.meeting.place, online=True)
    rows = tuple(planning.DateRow(replace(plan, day=plan.day + timedelta(n)), f"{n}/2027", doubts) for n in range(40 if w.large else 2))
    drop = (c.ReadDates(body_id="body"), c.DropDraft(draft_id="dr"))
    rest = tuple(w.words.line(f"rivi {n}", 500) for n in range(40 if w.large else 1))
    draft = Draft("dr", "body", "dates", text)
    shown = {"body": w.body, "draft": draft, "questions": reading.questions, "rest": rest}
    yield planning.DatesRead(rows=rows, steps=(c.ConfirmDates(draft_id="dr"), *drop), **shown)  # type: ignore[arg-type]
    yield planning.DatesRead(rows=(), steps=drop, **shown)  # type: ignore[arg-type]
    yield planning.DatesRead(
        rows=tuple(_by_calendars(w, n, row) for n, row in enumerate(rows)),
        page=2 if w.large else 1,
        unread=tuple(w.words.line(f"Kalle Kivi {n}", 200) for n in range(12 if w.large else 1)),
        steps=(c.ConfirmDates(draft_id="dr"), c.AskCalendars(draft_id="dr"), c.OpenPoll(draft_id="dr", best=True), *drop),
        notice=sentence("told.schedules_read"),
        **shown,  # type: ignore[arg-type]
    )
    listed = tuple(replace(w.meeting, id=f"me{n}", number=n) for n in range(40 if w.large else 2))
    yield planning.DatesPlanned(body=w.body, meetings=listed, without_address=_unreached(w), steps=_steps(w, None))


def _by_calendars(w: World, number: int, row: planning.DateRow) -> planning.DateRow:
    """The first date suits everybody, the others have everything against them that there is."""
    busy = Availability.BUSY
    fit = Fit(row.plan, 3, 3, 2, (), (), 0, Availability.FREE, Availability.FREE, Availability.FREE)
    if not number:
        return replace(row, fit=fit, doubts=())
    names = tuple(w.words.line(f"Maija Meri {n}", 200) for n in range(12 if w.large else 1))
    return replace(
        row, fit=replace(fit, covered=1, members=0, perhaps=2, chair=busy, vice_chair=busy, secretary=busy), full=names, unsure=names
    )


def _polls(w: World) -> Iterator[Screen]:
    place = w.words.text("Kunnantalo", 200)
    poll = Poll("poll", "body", samples.NOW, place, online=True)
    count = 10 if w.large else 2
    options = tuple(PollOption(f"o{n}", "body", "poll", date(2027, 6, n), time(10), time(12)) for n in range(1, count + 1))
    doubts = (sentence("planning.doubt_holiday", day=date(2027, 6, 1), holiday=w.words.line("Juhannus")),)
    board = tuple(polls.PollRow(n, Suiting(one, 2, 3, True, None)) for n, one in enumerate(options, start=1))
    desk = tuple(replace(one, own=False, doubts=doubts, suiting=replace(one.suiting, chair=False, secretary=True)) for one in board)
    closed = replace(poll, closed_at=samples.NOW)
    shown = {"body": w.body, "answered": 3}
    end = (c.ClosePoll(body_id="body", poll_id="poll"), c.PlanMeeting(body_id="body"))
    yield polls.PollShown(poll=poll, rows=board, asking=True, choosing=False, notice=sentence("polls.suits_noted", number=1), **shown)  # type: ignore[arg-type]
    yield polls.PollShown(poll=poll, rows=desk, asking=True, choosing=True, steps=end, **shown)  # type: ignore[arg-type]
    yield polls.PollShown(poll=closed, rows=board, asking=False, choosing=False, **shown | {"answered": 0})  # type: ignore[arg-type]


def _agenda_text(w: World) -> str:
    lines = [w.words.text("Kokous Kunnantalolla", 2000), ""]
    for n in range(1, 31 if w.large else 4):
        lines += [f"§ {n if n != 3 else 2} {w.words.line(f'Asia {n}', 200)}", "Esittelijä: Elli Eskola", "Liite 1: Suunnitelma", "Esitys:"]
        lines += [w.words.text("Hyväksytään."), "Käsittely:", w.words.text("Kuultiin."), "Päätös:", w.words.text("Hyväksyttiin."), ""]
    return "\n".join(lines)


def _agenda(w: World) -> Iterator[Screen]:
    planned, published = in_phase(w, Phase.PLANNED), in_phase(w, Phase.PUBLISHED)
    yield agenda.AgendaWanted(body=w.body, meeting=planned)
    yield agenda.AgendaWanted(
        body=w.body, meeting=planned, text=w.words.text("Asiat", 100_000), notice=sentence("agenda.nothing_read"), wrong=True
    )
    text = _agenda_text(w)
    reading = read_agenda(text)
    draft = Draft("dr", "body", "agenda", text, "meeting")
    pages = -(-len(reading.items) // 6)
    turn = (c.ShowDraft(draft_id="dr", page=2),) if pages > 1 else ()
    steps = (c.ConfirmAgenda(draft_id="dr"), *turn, c.DropDraft(draft_id="dr"))
    yield agenda.AgendaRead(body=w.body, meeting=planned, draft=draft, reading=reading, added=(), page=1, pages=pages, steps=steps)
    nothing = w.words.text("Ei mitään")
    yield agenda.AgendaRead(
        body=w.body,
        meeting=planned,
        draft=replace(draft, source=nothing),
        reading=AgendaReading((), nothing, ()),
        added=("Ilmoitusasiat", "Kokouksen päättäminen"),
        page=1,
        pages=1,
        steps=(c.DropDraft(draft_id="dr"),),
    )
    items = tuple(in_order(planned)[:6])
    publish = (c.PublishAgenda(meeting_id="meeting", version=0), c.AddItem(meeting_id="meeting"))
    for meeting in (planned, published):
        yield agenda.AgendaShown(
            body=w.body,
            meeting=meeting,
            items=items if meeting is published else tuple(replace(one, section=None) for one in items),
            documents=_documents("agenda"),
            page=1,
            pages=5 if w.large else 1,
            editing=True,
            without_address=_unreached(w) if meeting is published else (),
            steps=(*publish, *((c.ShowAgenda(meeting_id="meeting", page=2),) if w.large else ()), c.ShowStatus()),
        )
    yield agenda.AgendaShown(
        body=w.body, meeting=published, items=items, documents=(), page=1, pages=1, editing=False, steps=(c.ShowStatus(),)
    )
    yield agenda.AgendaShown(body=w.body, meeting=planned, items=(), documents=(), page=1, pages=1, editing=True, steps=publish)
    one = w.meeting.items[2]
    full = {"title": one.title, "presenter": one.presenter, "proposal": one.proposal, "earlier": one.earlier, "rest": one.rest}
    back = (c.ShowAgenda(meeting_id="meeting"),)
    parts = fitting({"proposal": one.proposal, "earlier": one.earlier, "rest": one.rest})
    yield agenda.ItemForm(body=w.body, meeting=published, item=one, parts=parts, steps=back, **full)  # type: ignore[arg-type]
    yield agenda.ItemForm(body=w.body, meeting=published, item=None, steps=back)
    quorum = Quorum(11, 20, 11, chair=True, quorate=True)
    for phase in (Phase.PLANNED, Phase.PUBLISHED, Phase.OPEN, Phase.APPROVED, Phase.CANCELLED):
        meeting = in_phase(w, phase)
        yield agenda.MeetingOnBoard(
            body=w.body,
            meeting=meeting,
            people=w.people,
            documents=_documents("agenda"),
            quorum=quorum,
            expected=_expected(w) if meeting.opened_at is None else None,
            changed=meeting.items[1:] if phase is Phase.PUBLISHED else (),
            page=1,
            pages=2 if w.large else 1,
            steps=_steps(w, meeting),
        )


def _expected(w: World) -> Expected:
    return Expected(9, 2, 3, 6, 20, 11, chair=True, missing=seats_on(w.body, w.meeting.day)[:2], vacant=1)


def _answers(w: World) -> Iterator[Screen]:
    seats = seats_on(w.body, w.meeting.day)
    calls = tuple(
        DeputyCall(
            f"dc{n}",
            "meeting",
            seat.seat.id,
            seat.deputy_ids[0],
            seat.member_id,
            samples.NOW,
            accepted=(None, True, False)[n % 3],
            ended_at=samples.NOW if n % 4 == 3 else None,
        )
        for n, seat in enumerate(seats)
        if seat.deputy_ids
    )
    waiting = tuple((seat, seat.deputy_ids[0] if seat.deputy_ids and n else "") for n, seat in enumerate(seats))
    for phase, log, may_call in ((Phase.PUBLISHED, calls, True), (Phase.PLANNED, (), False), (Phase.OPEN, calls, False)):
        meeting = in_phase(w, phase)
        yield answers.DeputiesShown(
            body=w.body,
            meeting=meeting,
            people=w.people,
            expected=replace(_expected(w), chair=bool(log)),
            calls=log,
            waiting=waiting if log else (),
            seats=seats,
            may_call=may_call,
            steps=_steps(w, meeting),
        )


def _rows(w: World) -> tuple[attendance.Row, ...]:
    signs = (Sign.PRESENT, Sign.LATE, Sign.EXCUSED, Sign.ABSENT, None)
    rows = [
        attendance.Row(one, seat, one != seat.member_id, signs[n % 5], n % 5 == 0, n % 5 == 0, n == 5, n % 5 != 0, one == seat.member_id)
        for n, (seat, one) in enumerate(
            (seat, one) for seat in seats_on(w.body, w.meeting.day) for one in (seat.member_id, *seat.deputy_ids)
        )
    ]
    rows = [replace(row, maybe=n % 10 == 4, called=n % 10 == 9) if row.sign is None else row for n, row in enumerate(rows)]
    rows += [attendance.Row(one.person_id, None, False, None, False, False, False, False, False) for one in w.body.experts]
    return tuple(rows)


def _attendance(w: World) -> Iterator[Screen]:
    published = in_phase(w, Phase.PUBLISHED)
    calling = replace(w.meeting, roll_closed_at=None)
    rows = _rows(w)
    found = Quorum(11, 20, 11, chair=True, quorate=True)
    lost = Quorum(12, 20, 11, chair=False, quorate=False)
    opened = (c.OpenMeeting(meeting_id="meeting", confirmed=True), c.MoveMeeting(meeting_id="meeting"), c.ShowStatus())
    yield attendance.OpeningAsked(body=w.body, meeting=published, at="10.00", steps=opened)
    for meeting, quorum, signs in (
        (published, lost, ("coming", "late", "excused")),
        (calling, found, ("present", "late", "excused")),
        (w.meeting, lost, ("arrived", "left")),
        (in_phase(w, Phase.CLOSED), lost, ()),
    ):
        steps = tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in signs)
        yield attendance.RollOnBoard(
            body=w.body,
            meeting=meeting,
            people=w.people,
            rows=rows,
            quorum=quorum,
            expected=_expected(w) if meeting.opened_at is None else None,
            steps=steps,
        )
    at = samples.NOW
    differs = tuple(
        Difference(kind, person_id, at, at, at) for kind, person_id in zip(("absent", "unseen", "late", "left") * 5, w.people, strict=False)
    )
    for meeting, quorum in ((published, lost), (calling, found), (w.meeting, found), (in_phase(w, Phase.CLOSED), found)):
        yield attendance.AttendanceDesk(
            body=w.body,
            meeting=meeting,
            people=w.people,
            rows=rows[:24],
            quorum=quorum,
            expected=_expected(w) if meeting.opened_at is None else None,
            unknown=9,
            joined=("m2", "d3") if meeting is not w.meeting else (),
            gone=tuple(Span(one, samples.NOW, until) for one, until in zip(w.people, (None, samples.NOW) * 7, strict=False))
            if meeting is w.meeting
            else (),
            differences=differs if meeting.closed_at is not None else (),
            movements=w.meeting.movements if meeting is w.meeting else (),
            items=w.meeting.items if meeting.roll_closed_at is not None else (),
            page=1,
            pages=3 if w.large else 1,
            person_ids=("m1", "m2"),
            at=w.words.line("10.42", 20),
            item_id="i2" if meeting.roll_closed_at is not None else "",
            steps=(*(one for one in _steps(w, meeting) if not isinstance(one, c.ShowAttendance)), c.CorrectTimes(meeting_id="meeting")),
        )


def desk(w: World, item: Item) -> record.ItemDesk:
    """The desk at an item, with the texts the use case would let be edited on one card."""
    texts = {"handling": item.handling, "discussion": item.discussion, "decision": item.decision}
    here = {"meeting_id": "meeting", "item_id": item.id}
    thens = ("next", "previous", "attendance", "minutes", "close", "attach", "disqualify", "vote", "dissent")
    return record.ItemDesk(
        body=w.body,
        meeting=w.meeting,
        item=item,
        texts=texts,
        parts=fitting(texts),
        seen="0f0f0f0f.0f0f0f0f.0f0f0f0f",
        at_hand=w.meeting.items[2],
        attachments=tuple(one for one in w.meeting.attachments if item.id in one.item_ids),
        people=w.people,
        quorum=Quorum(11, 20, 11, chair=True, quorate=item.id != "i2"),
        steps=tuple(c.RecordItem(then=then, seen="0f0f0f0f.0f0f0f0f.0f0f0f0f", **here) for then in thens),
    )


def _record(w: World) -> Iterator[Screen]:
    yield desk(w, w.meeting.items[0])
    yield desk(w, w.meeting.items[1])
    yield desk(w, w.meeting.items[2])
    yield desk(w, replace(w.meeting.items[3], standing=Standing.ANNOUNCEMENTS))
    item = w.meeting.items[2]
    back = (c.ShowItem(meeting_id="meeting", item_id=item.id),)
    here = {"body": w.body, "meeting": w.meeting, "item": item, "steps": back}
    present = tuple(one for one in w.people if one[0] in "ms")
    yield record.AttachForm(title=w.words.line("Liite", 300), link=w.words.line("https://saaret.example", 1000), **here)  # type: ignore[arg-type]
    yield record.DisqualifyForm(
        people=w.people,
        present=present,
        deputies=tuple((f"d{n}", f"m{n}") for n in range(1, len(w.body.seats) + 1)),
        person_id="m1",
        ground=w.words.line("Hankkeen osapuoli", 1000),
        left_at="10.05",
        back_at="",
        deputy_id="d1",
        **here,  # type: ignore[arg-type]
    )
    totals = {"votes_for": "9", "votes_against": "9", "blank": "1"}
    yield record.VoteForm(voices=19, counter_proposal=w.words.text("Hylätään."), secret=True, tie="for", **totals, **here)  # type: ignore[arg-type]
    yield record.DissentForm(people=w.people, present=present, person_id="m2", text=w.words.text("Kustannukset."), **here)  # type: ignore[arg-type]
    yield record.DissentForm(people={}, present=(), person_id="", text="", **here)  # type: ignore[arg-type]
    to_item = (*back, c.ShowAttendance(meeting_id="meeting"))
    yield record.Closing(body=w.body, meeting=w.meeting, items=w.meeting.items[2:], at="", steps=to_item)
    yield record.Closing(body=w.body, meeting=w.meeting, items=(), at="12.04", steps=to_item)
    yield record.Closing(body=w.body, meeting=w.meeting, items=(), at="12.04", ended=samples.NOW, steps=to_item)
    yield record.TimesForm(body=w.body, meeting=in_phase(w, Phase.CLOSED), opened="10.00", closed="12.04", steps=to_item[1:])


def _minutes(w: World) -> Iterator[Screen]:
    closed, review, approved = in_phase(w, Phase.CLOSED), in_phase(w, Phase.REVIEW), in_phase(w, Phase.APPROVED)
    for meeting, stopped in ((replace(closed, rounds=()), ""), (review, "open_proposals"), (approved, "")):
        yield minutes.MinutesDesk(
            body=w.body,
            meeting=meeting,
            documents=_documents("minutes"),
            deadline="2026-05-18",
            answered=3,
            asked=20,
            stopped=stopped,
            unheard=_unreached(w),
            steps=tuple(one for one in _steps(w, meeting) if not isinstance(one, c.SendMinutes)),
        )
    answers = (c.CommentMinutes(meeting_id="meeting"), c.AnswerNoComments(meeting_id="meeting"))
    for body in (replace(w.body, approval=approval, formal=approval is not Approval.TACIT) for approval in Approval):
        for result in (RoundResult.RUNNING, RoundResult.STOPPED):
            sent = replace(review.rounds[-1], result=result)
            shown = {"documents": _documents("round 2"), "answered": 3, "asked": 20, "comments": len(review.comments), "steps": answers}
            yield minutes.RoundOnBoard(body=body, meeting=review, sent=sent, **shown)  # type: ignore[arg-type]
        how = replace(approved, approved_how=body.approval, approved_in="5/2026")
        yield minutes.ApprovedOnBoard(body=body, meeting=how, documents=_documents("approved"), steps=(c.ShowStatus(),))
    yield minutes.CommentForm(
        body=w.body, meeting=review, item_id="i2", kind="proposal", text=w.words.text("Nimi on väärin."), steps=answers[1:]
    )
    page = review.comments[:5]
    turn = (c.ShowComments(meeting_id="meeting", page=2),) if w.large else ()
    steps = (*turn, c.PrepareMinutes(meeting_id="meeting"), c.ShowItem(meeting_id="meeting"))
    yield minutes.CommentsShown(
        body=w.body,
        meeting=review,
        comments=page,
        people=w.people,
        page=1,
        pages=8 if w.large else 1,
        typed_reason=w.words.text("Nimi on oikein.", 2000),
        steps=steps,
    )
    yield minutes.CommentsShown(body=w.body, meeting=review, comments=(), people={}, page=1, pages=1, steps=steps)


def _people(w: World) -> Iterator[Screen]:
    person = replace(w.people["m1"], email="aino.saarela@saaret.example", account_id="0f" * 16, language="sv")
    held = [one for one in w.body.holdings if w.large or one.person_id == "m1"]
    dated = replace(held[0], since=date(2025, 1, 1), until=date(2026, 12, 31))
    places = tuple((w.body, one) for one in (dated, *held[1:], *places_of(w.body, "x1")))
    counts = tuple((kind, 123_456 if w.large else number) for number, kind in enumerate(KINDS))
    steps = (c.ShowStatus(), c.ShowHelp())
    yield people.MyData(person=person, places=places, counts=counts, steps=steps)
    yield people.MyData(person=replace(person, email="", language=""), places=(), counts=counts, steps=steps)


def _search(w: World) -> Iterator[Screen]:
    wide = c.SearchDecisions(text=w.words.line("venesatama", 500), wide=True)
    steps = (wide, c.ShowMeetings(body_id="body"), c.ShowStatus())
    yield search.SearchForm(body=w.body, steps=steps[1:])
    yield search.SearchForm(notice=sentence("search.many_words", most=10), wrong=True, body=None, text=wide.text, steps=steps[2:])
    rows = tuple(_decision_rows(w))
    yield search.DecisionsFound(body=w.body, text=wide.text, rows=rows, count=3210 if w.large else len(rows), steps=steps)
    other = replace(w.body, id="b2", name=w.words.line("Rantojen toimikunta", 120))
    elsewhere = tuple(replace(row, body=other, documents=_documents("approved", "doc-b2")) for row in rows[1:2])
    yield search.DecisionsFound(body=None, text=wide.text, rows=(*rows[:2], *elsewhere), count=3, steps=steps[2:])
    yield search.DecisionsFound(body=w.body, text=wide.text, rows=(), count=0, steps=steps)


def _quotes(w: World) -> Iterator[Screen]:
    approved = in_phase(w, Phase.APPROVED)
    for item, link in zip(w.meeting.items[1:4], ("https://saaret.sharepoint.example/Pöytäkirja 1-2026.pdf", "", ""), strict=True):
        decided = replace(item, outcome=Outcome.AMENDED, decision=w.words.text("Venesatama rakennetaan."))
        yield quotes.Quote(body=w.body, meeting=approved, item=decided, link=link, post=("1", "2"))
    yield quotes.Quote(body=w.body, meeting=approved)


def _decision_rows(w: World) -> Iterator[search.DecisionRow]:
    """As many as are shown at most: before the approval, after it, and with only the proposal to show."""
    review, approved = in_phase(w, Phase.REVIEW), in_phase(w, Phase.APPROVED)
    for place, item in enumerate(w.meeting.items[:10]):
        meeting = replace(approved, number=place) if place % 2 else review
        found = Decision(meeting, item, w.words.text("Venesatama rakennetaan."), proposed=place % 3 == 2)
        way = c.ShowItem(meeting_id="meeting", item_id=item.id)
        yield (
            search.DecisionRow(body=w.body, found=found, documents=_documents("approved", f"doc-{place}"))
            if place % 2
            else search.DecisionRow(body=w.body, found=found, way=way)
        )


SMALL = world(large=False)
LARGE = world(large=True)
SCREENS: dict[str, Screen] = {
    f"{size}-{n}-{type(screen).__name__}": screen
    for size, made in (("small", SMALL), ("large", LARGE))
    for n, screen in enumerate(screens(made))
}
