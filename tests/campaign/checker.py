"""The independent judge of a run: it reads the raw tables with SQL of its own and what the stand-ins have, and shares no code with the
product's storage, rules or handlers. What it finds is told in words; a run without findings lost nothing and did nothing twice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tests.campaign.databases import Database
from tests.campaign.meeting import BY_MAIL, Ledger
from tests.campaign.outside import Done, Outside
from tests.campaign.replicas import Break
from tests.standins.channel import card_of
from tests.turns.room import actions, text_of

Sort = Literal["lost", "doubled", "order", "deadline", "broken"]
# What the clock, the calendar and the bot itself write into the journal.
BY_ITSELF = {"end_round", "remind_round", "take_answers", "warn_quorum"}
# The mark of a turn's answer: secrets.token_hex(8).
_TURN = re.compile("[0-9a-f]{16}")
# So long after something new was made outside its id is kept, and so long before we looked it was asked for, on a busy machine.
KEPT_WITHIN, SEEN_WITHIN = 6.0, 4.0


@dataclass(frozen=True, slots=True)
class Finding:
    sort: Sort
    text: str


@dataclass(slots=True)
class Verdict:
    """`doubts`: what is there twice because nobody can know, by its kind and what had happened; `late`: seconds from the deadline to its
    closing."""

    findings: list[Finding] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)
    late: float = 0.0
    # Which strike has excused which message already.
    excused: set[tuple[Break, str]] = field(default_factory=set)

    def say(self, sort: Sort, text: str) -> None:
        self.findings.append(Finding(sort, text))


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to judge by."""

    database: Database
    outside: Outside
    ledger: Ledger
    breaks: Sequence[Break]
    events: Sequence[Mapping[str, Any]]
    files: Sequence[Mapping[str, Any]]
    board: str
    board_now: Mapping[str, Mapping[str, Any]]
    # From when on (real) the bot's clock was how many seconds ahead.
    offsets: Sequence[tuple[float, float]]

    def bot_time(self, at: float) -> datetime:
        """What the bot's clock showed at a real moment."""
        return datetime.fromtimestamp(at + max((since, ahead) for since, ahead in self.offsets if since <= at)[1], UTC)


def judged(seen: Seen) -> Verdict:
    verdict = Verdict()
    for check in (_chain, _journal, _record, _effects, _installs, _board, _messages, _letters, _calendar, _documents, _deadline):
        check(seen, verdict)
    return verdict


# --- the record -----------------------------------------------------------------------------------------------------------------


def _chain(seen: Seen, verdict: Verdict) -> None:
    """Each row of the journal follows from the one before."""
    before = ""
    query = "SELECT before, body_id, meeting_id, person_id, at, command, payload, origin, salt, sealed, hash, seq FROM journal ORDER BY seq"
    for told, *whose, at, command, payload, origin, salt, sealed, digest, seq in seen.database.rows(query):
        parts = (before, *whose, moment(at).isoformat(), command)
        if sealed:
            whole = (sealed, digest) == (_digest(payload, origin, salt), _digest(*parts, sealed))
        else:  # as versions before 0009 write it
            whole = digest == hashlib.sha256("\n".join((*parts, payload)).encode()).hexdigest()
        if told != before or not whole:
            verdict.say("broken", f"the journal's chain at row {seq}, {command}")
            return
        before = digest


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _journal(seen: Seen, verdict: Verdict) -> None:
    """What was acknowledged and what is written down are the same, one for one."""
    query = "SELECT COALESCE(account_id, ''), command, payload FROM journal LEFT JOIN person ON person.id = journal.person_id ORDER BY seq"
    left = [(account, command, json.loads(payload)) for account, command, payload in seen.database.rows(query) if command not in BY_ITSELF]
    # The one of which most is known chooses first.
    for deed in sorted(seen.ledger.deeds, key=lambda one: -len(one.inputs)):
        fits = next((row for row in left if row[:2] == (deed.account, deed.command) and _tells(row[2], deed.inputs)), None)
        if fits is None:
            verdict.say("lost", f"{deed.command} {dict(deed.inputs)} was acknowledged and is not in the journal")
        else:
            left.remove(fits)
    for _account, command, payload in left:
        verdict.say("doubled", f"{command} {payload} is in the journal more often than it was said")


def _tells(payload: Mapping[str, Any], inputs: Mapping[str, object]) -> bool:
    return all(str(payload.get(name)) == str(value) for name, value in inputs.items())


def _record(seen: Seen, verdict: Verdict) -> None:
    """What the acknowledged words were to bring about is so, once."""
    account = "JOIN person ON person.id = person_id"
    signs = seen.database.rows(f"SELECT account_id, sign FROM attendance {account}")  # noqa: S608
    replies = Counter(one for (one,) in seen.database.rows(f"SELECT account_id FROM round_reply {account}"))  # noqa: S608
    comments = Counter(text for (text,) in seen.database.rows("SELECT text FROM comment"))
    outcomes: dict[str, str] = dict(seen.database.rows("SELECT id, outcome FROM item"))
    for deed in seen.ledger.deeds:
        found = 1
        match deed.command:
            case "sign_in":
                found = signs.count((deed.account, deed.inputs["sign"]))
            case "comment_minutes" if "text" in deed.inputs:
                found = comments[str(deed.inputs["text"])]
            case "answer_no_comments":
                found = replies[deed.account]
            case "record_outcome":
                found = int(outcomes.get(str(deed.inputs["item_id"])) == deed.inputs["outcome"])
        if found != 1:
            verdict.say("lost" if not found else "doubled", f"{deed.command} {dict(deed.inputs)} shows {found} times in the record")
    said: dict[str, str] = dict(seen.database.rows("SELECT email, response FROM invitation_answer JOIN person ON person.id = person_id"))
    for email, press in seen.ledger.outlook.items():
        if said.get(email) != {"accept": "accepted", "decline": "declined"}[press]:
            verdict.say("lost", f"{email} pressed {press} in Outlook, and the meeting knows {said.get(email)}")
    calls = Counter(seat for (seat,) in seen.database.rows("SELECT seat_id FROM deputy_call"))
    if set(calls.values()) - {1} or len(calls) != 4:
        verdict.say("doubled" if len(calls) == 4 else "lost", f"four seats need a deputy, called were {sorted(calls.values())}")
    ((phase,),) = seen.database.rows("SELECT phase FROM meeting")
    if phase != "approved":
        verdict.say("lost", f"the meeting is {phase}")


# --- effects --------------------------------------------------------------------------------------------------------------------


def _effects(seen: Seen, verdict: Verdict) -> None:
    """Nothing is dead, nothing is left, and each lane was done in its order."""
    now = seen.bot_time(time.time()) + timedelta(minutes=10)
    last: dict[str, tuple[datetime, int]] = {}
    for seq, kind, lane, state, due, done, error in seen.database.rows(
        "SELECT seq, kind, lane, state, due_at, done_at, error FROM effect ORDER BY seq"
    ):
        if kind == "ReadAnswers":
            continue
        if state == "dead":
            verdict.say("lost", f"{kind} {seq} is dead: {error}")
        elif state == "running" or (state == "waiting" and moment(due) < now):
            verdict.say("lost", f"{kind} {seq} is {state}: {error}")
        elif state == "done" and lane:
            at = moment(done)
            if lane in last and at < last[lane][0]:
                verdict.say("order", f"in lane {lane} {kind} {seq} was done before {last[lane][1]}")
            last[lane] = max(last.get(lane, (at, seq)), (at, seq))


# --- outside --------------------------------------------------------------------------------------------------------------------


def _unasked(seen: Seen) -> list[Done]:
    """The posts that answer nobody."""
    posts = [one for one in seen.outside.done if one.kind == "post" and not one.reply_to]
    told = {key.removeprefix("tell:") for (key,) in seen.database.rows("SELECT key FROM effect WHERE kind = 'Tell'")}
    return [one for one in posts if text_of(card_of(one.content)) not in seen.ledger.welcomes and not _of_a_turn(one, told)]


def _of_a_turn(one: Done, told: Collection[str]) -> bool:
    """Its buttons bear the mark of an answer. One that names nothing it answers is to an install, which was sent again and may be heard
    late, when there is something else to say than at first."""
    nonce = _nonce(one.content)
    return bool(_TURN.fullmatch(nonce)) and nonce not in told


def _installs(seen: Seen, verdict: Verdict) -> None:
    """No more answers to installs than there were sent."""
    posts = [one for one in seen.outside.done if one.kind == "post" and not one.reply_to]
    unasked = {one.id for one in _unasked(seen)}
    for place, count in Counter(one.place for one in posts if one.id not in unasked).items():
        if count > seen.ledger.installs[place]:
            verdict.say("doubled", f"{seen.ledger.installs[place]} installs in {place} were answered {count} times")


def _board(seen: Seen, verdict: Verdict) -> None:
    """Each part once, in its meeting's thread, never at an older state than before, and at last at the newest."""
    kept: dict[str, str] = dict(seen.database.rows("SELECT part, activity_id FROM post"))
    if set(kept) != {"meeting", "roll", "minutes", "approved"}:
        verdict.say("lost", f"the board's parts are {sorted(kept)}")
    made = [one for one in _unasked(seen) if one.place == seen.board]
    strangers = [one for one in made if one.id not in kept.values()]
    for one in strangers:
        _doubt(seen, verdict, one, "first post", _part(one))
    for part, activity in kept.items():
        if activity not in seen.board_now:
            verdict.say("lost", f"the post of {part} is not on the board")
    for one in made:
        if (
            one.id in kept.values()
            and one.id != kept.get("meeting")
            and one.thread not in {kept.get("meeting"), *(each.id for each in strangers)}
        ):
            verdict.say("order", f"{_part(one)} stands outside its meeting's thread")
    shown: dict[str, tuple[int, int]] = {}
    for one in seen.outside.done:
        if one.place == seen.board and not one.reply_to and (version := _version(one.content)):
            if version < shown.get(one.id, version):
                verdict.say("order", f"{_part(one)} was shown at {version} after {shown[one.id]}")
            shown[one.id] = max(version, shown.get(one.id, version))
    _newest(seen, verdict, kept)


def _newest(seen: Seen, verdict: Verdict, kept: Mapping[str, str]) -> None:
    """What the board says at the end is what the record says."""
    texts = {part: text_of(card_of(seen.board_now[activity])) for part, activity in kept.items() if activity in seen.board_now}
    here = "SELECT name FROM person JOIN attendance ON person.id = person_id WHERE sign = 'present'"
    for (name,) in seen.database.rows(here):
        if name not in texts.get("roll", str(name)):
            verdict.say("lost", f"the roll on the board does not name {name}")
    ((digest,),) = seen.database.rows("SELECT minutes_sha256 FROM meeting")
    if not digest or str(digest) not in texts.get("approved", ""):
        verdict.say("lost", "the board does not show the checksum of the approved minutes")


def _messages(seen: Seen, verdict: Verdict) -> None:
    """Each personal message once, to whom it was meant for."""
    told = {key: (state, result) for key, state, result in seen.database.rows("SELECT key, state, result FROM effect WHERE kind = 'Tell'")}
    known = {result for _, result in told.values()}
    made = [one for one in _unasked(seen) if one.place != seen.board]
    there = {one.id for one in made}
    for key, (state, result) in told.items():
        if state == "done" and result.isdigit() and result not in there:
            verdict.say("lost", f"{key} was not told")
    for one in made:
        if one.id not in known:
            _doubt(seen, verdict, one, "personal message", _nonce(one.content) or text_of(card_of(one.content)))
    by_nonce = Counter(nonce for one in made if one.id in known and (nonce := _nonce(one.content)))
    for nonce, count in by_nonce.items():
        if count > 1:
            verdict.say("doubled", f"message {nonce} was told {count} times")


def _letters(seen: Seen, verdict: Verdict) -> None:
    """Each letter once, by its mark."""
    sent = defaultdict(list)
    for one in seen.outside.done:
        if one.kind == "letter":
            sent[one.id].append(one)
    query = "SELECT key, kind, result FROM effect WHERE kind IN ('Send', 'Tell')"
    marks = {hashlib.sha256(key.encode()).hexdigest()[:40]: (key, kind, result) for key, kind, result in seen.database.rows(query)}
    for mark, (key, _kind, result) in marks.items():
        if result in {"sent", "sent by mail"} and mark not in sent:
            verdict.say("lost", f"letter {key} was not sent")
    for mark, copies in sent.items():
        if mark not in marks:
            verdict.say("doubled", f"a letter nobody asked for: {copies[0].content}")
        for one in copies[:-1]:
            _doubt(seen, verdict, one, "letter", mark)
    # To each without Teams the agenda, the minutes to comment on and the approved ones.
    arrived = sum(marks[mark][1] == "Send" for mark in sent if mark in marks)
    if arrived != len(BY_MAIL) * 3:
        verdict.say("lost", f"{arrived} letters were sent, {len(BY_MAIL) * 3} are due")


def _doubt(seen: Seen, verdict: Verdict, one: Done, what: str, identity: str) -> None:
    """Something new was made whose id is not kept. When the process that made it was struck at that very step nobody can know, and it is
    counted; each strike excuses it once. Otherwise it was done twice."""
    struck = next((each for each in seen.breaks if _excuses(each, one) and (each, identity) not in verdict.excused), None)
    if not one.answered:
        verdict.doubts[f"{what}: answer dropped"] += 1
    elif struck is None:
        verdict.say("doubled", f"{what} {identity[:80]} was made twice and nothing had happened to process {one.pid}")
    else:
        verdict.excused.add((struck, identity))
        verdict.doubts[f"{what}: {struck.kind}"] += 1


def _excuses(struck: Break, one: Done) -> bool:
    """Whether the process was struck after it had begun to ask and before it could have kept the id. What a killed one had sent may be seen
    by us, who are busy too, only after its end."""
    return (
        (0 in {struck.pid, one.pid} or struck.pid == one.pid)
        and one.asked - SEEN_WITHIN <= struck.until
        and struck.at <= one.at + KEPT_WITHIN
    )


def _calendar(seen: Seen, verdict: Verdict) -> None:
    """One event, at the meeting's time, with those who are to come."""
    events = [one for one in seen.events if not one["cancelled"]]
    if len(events) != 1:
        verdict.say("doubled" if events else "lost", f"{len(events)} events in the calendar")
        return
    (event,) = events
    begins = datetime.fromisoformat(event["start"]["dateTime"][:19])
    if begins != seen.ledger.start.astimezone(_zone(event["start"]["timeZone"])).replace(tzinfo=None):
        verdict.say("lost", f"the event begins {begins} {event['start']['timeZone']}")
    invited = {one["address"].casefold() for one in event["attendees"] if not one.get("uninvited")}
    called = "SELECT email FROM person JOIN deputy_call ON person.id = deputy_id WHERE ended_at IS NULL"
    holds = "SELECT email FROM person JOIN holding ON person.id = person_id WHERE capacity = 'member'"
    offices = "SELECT email FROM person JOIN body ON person.id = secretary_id"
    wanted = {str(email).casefold() for query in (called, holds, offices) for (email,) in seen.database.rows(query) if email}
    if invited != wanted:
        verdict.say("lost", f"invited are {sorted(invited - wanted)} too much, {sorted(wanted - invited)} too little")


def _documents(seen: Seen, verdict: Verdict) -> None:
    """Each document as it is kept, and where it was shared the same bytes once."""
    query = "SELECT kind, format, edition, sha256, content, link FROM document JOIN document_content ON document_id = document.id"
    rows = seen.database.rows(query)
    count = Counter((kind, form, edition) for kind, form, edition, *_ in rows)
    for what, number in count.items():
        if number > 1:
            verdict.say("doubled", f"document {what} is there {number} times")
    for kind, form, edition in count:
        if edition > 1 and kind != "minutes":
            verdict.say("doubled", f"{kind} was made again, as edition {edition} {form}, and nothing had changed")
    files = {one["id"]: one for one in seen.files}
    newest: dict[tuple[str, str], int] = {}
    for kind, form, edition, *_ in rows:
        newest[kind, form] = max(edition, newest.get((kind, form), 0))
    for kind, form, edition, digest, content, link in rows:
        if hashlib.sha256(bytes(content)).hexdigest() != digest:
            verdict.say("broken", f"document {kind} {form} is not what its checksum says")
        if kind != "minutes" and edition == newest[kind, form]:
            name = link.rpartition("/files/")[2].partition("/")[0]
            if name not in files:
                verdict.say("lost", f"document {kind} {form} is not among the channel's files: {link}")
            elif base64.b64decode(files[name]["content"]) != bytes(content):
                verdict.say("broken", f"document {kind} {form} among the channel's files has other bytes")
    if len(seen.files) != len({(one["drive"], one["path"]) for one in seen.files}):
        verdict.say("doubled", "a file is there twice")


def _deadline(seen: Seen, verdict: Verdict) -> None:
    """Closed once, by the clock, not before its instant, and nobody saw the approved minutes before."""
    closed = [moment(at) for (at,) in seen.database.rows("SELECT at FROM journal WHERE command = 'end_round'")]
    rounds = seen.database.rows("SELECT result, ended_at FROM round")
    if len(closed) != 1:
        verdict.say("doubled" if closed else "lost", f"the deadline was closed {len(closed)} times")
    if [result for result, _ in rounds] != ["approved"]:
        verdict.say("lost", f"the rounds ended as {rounds}")
    for at in closed:
        verdict.late = (at - seen.ledger.deadline).total_seconds()
        if verdict.late < 0:
            verdict.say("deadline", f"closed {-verdict.late:.1f} s early")
    for one in seen.outside.done:
        if one.place == seen.board and one.kind != "letter" and "SHA-256" in text_of(card_of(one.content)):
            seen_at = seen.bot_time(one.at)
            if seen_at < seen.ledger.deadline:
                verdict.say("deadline", f"the approved minutes were shown at {seen_at}")


# --- reading --------------------------------------------------------------------------------------------------------------------


def moment(value: Any) -> datetime:
    """An instant as either database gives it."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo({"FLE Standard Time": "Europe/Helsinki"}.get(name, name))


def _nonce(activity: Mapping[str, Any]) -> str:
    return next((str(one["data"].get("nonce", "")) for one in _buttons(activity)), "")


def _buttons(activity: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for attachment in activity.get("attachments") or ():
        yield from actions(attachment.get("content"))


def _version(activity: Mapping[str, Any]) -> tuple[int, int] | None:
    """The versions of meeting and body that a card of the board was drawn at, as its buttons tell: `part-meeting-body`."""
    _, _, versions = _nonce(activity).partition("-")
    meeting, _, body = versions.partition("-")
    return (int(meeting), int(body)) if meeting.isdigit() and body.isdigit() else None


def _part(one: Done) -> str:
    return _nonce(one.content).partition("-")[0] or text_of(card_of(one.content))[:40]
