"""What happens in the organiser's calendar without us, read again and again: answers, and events that somebody deleted or changed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from meetings import commands as c
from meetings import effects as e
from meetings.model import EventTrouble
from meetings.ports import Answers, CalendarFailure, Changes, EventChange, Subscription
from meetings.rules.answers import BEFORE
from meetings.use_cases import execute
from storage.database import Storage
from storage.outbox import CAUSES
from storage.transaction import Transaction, Watch

log = structlog.get_logger()
OFTEN = timedelta(minutes=5)
# While notifications come: one may be lost.
SELDOM = timedelta(minutes=30)
# The most that Outlook grants is 4230 minutes; what it grants is what counts.
LIFE = timedelta(minutes=4200)
# The range of the link is fixed in it; it is made anew while a year is still ahead.
LEFT = timedelta(days=370)
# While a meeting waits for its event, one made so lately may be it; longer, and the making has been given up.
FRESH = timedelta(days=1)


class AnswerHandlers:
    """Reads the answers of `mailbox`, every `often` or when a notification comes to `address`."""

    def __init__(self, storage: Storage, answers: Answers, mailbox: str, address: str, often: timedelta = OFTEN) -> None:
        self._storage = storage
        self._answers = answers
        self._mailbox = mailbox.casefold()
        self._address = address
        self._often = often
        # What Graph asked for, of readings and of subscriptions; after a restart one call more does no harm.
        self._not_before = self._not_subscribed_before = datetime.min.replace(tzinfo=UTC)
        # Whether what had been given up was tried again since the start, and since reading works again.
        self._mended = False

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.ReadAnswers: self.read_answers}

    async def read_answers(self, effect: e.ReadAnswers) -> str:
        """The next reading is written down before anything can fail, so there always is one. A notification moves it forward."""
        watch, now = await self._storage.run(self._begin)
        if now < self._not_before:
            return "asked to wait"
        await self._keep_subscription(watch, now)
        today = now.date()
        lasting = watch.window_end is not None and watch.window_end - today > LEFT
        try:
            changes = await self._answers.read(watch.delta_link if lasting else "", today)
            await self._take(changes, now)
        except Exception as error:
            # Whatever it is, it must be told: an effect that is written anew before each reading never comes to its last attempt.
            if not isinstance(error, CalendarFailure):
                log.exception("answers could not be read")
            failure = error if isinstance(error, CalendarFailure) else CalendarFailure(type(error).__name__)
            await self._storage.run(partial(self._failed, failure=failure))
            return failure.reason
        return str(len(changes.events))

    def _begin(self, tx: Transaction) -> tuple[Watch, datetime]:
        watch = tx.watch(self._mailbox)
        due = tx.now + self._often
        if watch.expires_at and watch.expires_at > tx.now:
            due = min(tx.now + SELDOM, max(watch.renew_at or due, due))
        tx.later(e.ReadAnswers(), due=self._not_before if tx.now < self._not_before else due)
        return watch, tx.now

    def _failed(self, tx: Transaction, failure: CalendarFailure) -> None:
        """Once more later, not sooner than Graph asked. What only an administrator can mend is told to the secretaries whose meetings it
        concerns, once until it works again."""
        log.warning("answers could not be read", reason=failure.reason)
        self._not_before = tx.now + max(self._often, timedelta(seconds=failure.retry_after or 0))
        tx.later(e.ReadAnswers(), due=self._not_before)
        if failure.transient:
            return
        self._mended = False
        cause = next((one for one in CAUSES["ReadAnswers"] if getattr(failure, one)), "")
        if not cause:
            # Should it be the link that is refused, the next reading begins anew.
            tx.note_watch(self._mailbox, delta_link="")
        sentence = f"dead_ReadAnswers_{cause}" if cause else "dead_ReadAnswers"
        bodies = sorted({meeting.body_id for meeting in tx.meetings_ahead(tx.now.date())})
        if not bodies or tx.watch(self._mailbox).trouble == sentence:
            return
        for body in map(tx.body, bodies):
            if body.secretary_id:
                tx.later(e.Tell(f"answers:{tx.new_id()}", body.secretary_id, sentence, (), body.id))
        tx.note_watch(self._mailbox, trouble=sentence)

    # --- what was read ---

    async def _take(self, changes: Changes, now: datetime) -> None:
        """Each meeting in its own transaction. The link is kept only when all is written: what was not is told again, and a meeting that
        cannot be written does not hold up the others."""
        ours = await self._storage.read(lambda tx: {one.event_id: tx.meeting_of_event(one.event_id) for one in changes.events})
        failed: Exception | None = None
        for change in changes.events:
            if meeting_id := ours[change.event_id]:
                try:
                    await self._storage.run(partial(_take, meeting_id=meeting_id, change=change))
                except Exception as error:
                    log.exception("answers could not be written", meeting=meeting_id)
                    failed = error
        if failed is not None:
            raise failed
        others = [one for one in changes.events if not ours[one.event_id]]
        await self._storage.run(lambda tx: self._keep(tx, changes, others))
        self._mended = True

    def _keep(self, tx: Transaction, changes: Changes, others: Sequence[EventChange]) -> None:
        ahead = tx.meetings_ahead(tx.now.date())
        told = {one.event_id for one in changes.events}
        for meeting in ahead:
            missing = changes.until is not None and meeting.event_id not in told and meeting.day < changes.until
            if missing or (not self._mended and meeting.event_trouble is EventTrouble.FAILED):
                tx.later(e.SyncEvent(meeting.id))
        # An event of nobody's may be ours, made a moment ago and its id written down since or not yet: then it is to be told again.
        awaited = any(not one.event_id or one.event_trouble is EventTrouble.OURS for one in ahead)
        lately = tx.now - FRESH if awaited else tx.now
        unsure = any(tx.meeting_of_event(one.event_id) or (one.made_at and one.made_at > lately) for one in others)
        noted: dict[str, str | date] = {"trouble": ""}
        if unsure:
            # Told again when asked again, and nobody will notify of it.
            tx.by(e.ReadAnswers(), tx.now + self._often)
        else:
            noted |= {"delta_link": changes.link} | ({"window_end": changes.until} if changes.until else {})
        tx.note_watch(self._mailbox, **noted)

    # --- the subscription ---

    async def _keep_subscription(self, watch: Watch, now: datetime) -> None:
        """One subscription, renewed at half of what was granted, made anew when it is lost or our address has changed. Without one the
        answers still come, only later: so its failures are nobody's trouble."""
        mark = hashlib.sha256(self._address.encode()).hexdigest()[:16]
        known = watch.subscription_id if watch.client_state.startswith(mark) else ""
        if now < self._not_subscribed_before or (known and watch.renew_at and now < watch.renew_at):
            return
        try:
            granted = await self._renewed(known, now + LIFE) if known else None
            state = watch.client_state
            if granted is None:
                state = f"{mark}.{secrets.token_urlsafe(32)}"
                granted = await self._answers.subscribe(self._address, state, now + LIFE)
        except Exception as failure:
            # Nor may they keep from reading.
            log.warning("the calendar does not notify", reason=getattr(failure, "reason", type(failure).__name__))
            self._not_subscribed_before = now + timedelta(seconds=getattr(failure, "retry_after", None) or 0)
            return
        noted: dict[str, str | datetime] = {"subscription_id": granted.id, "client_state": state}
        noted |= {"expires_at": granted.expires_at, "renew_at": now + (granted.expires_at - now) / 2}
        await self._storage.run(lambda tx: tx.note_watch(self._mailbox, **noted))

    async def _renewed(self, subscription_id: str, until: datetime) -> Subscription | None:
        try:
            return await self._answers.renew(subscription_id, until)
        except CalendarFailure as failure:
            if failure.gone or failure.mailbox:
                return None
            raise


def _take(tx: Transaction, meeting_id: str, change: EventChange) -> None:
    """What is told of one event. The meeting's own rules decide what is new; an event that is not as it was written is looked into by
    what writes it."""
    meeting = tx.meeting(meeting_id)
    if meeting.phase not in BEFORE:
        return
    begins = datetime.combine(meeting.day, meeting.start, tzinfo=tx.body(meeting.body_id).tz)
    # Of a meeting that was moved and whose event is still at the old time, the answers are to the old time.
    if change.replies and change.start in {None, begins}:
        command = c.TakeAnswers(meeting_id=meeting_id, replies=change.replies)
        execute(command, tx)
        # Every reading tells all answers of an event; the journal keeps what changed something.
        if tx.meeting(meeting_id).version != meeting.version:
            tx.journal(command, {"by": "calendar"})
    if change.removed or change.seen not in meeting.event_seen.split():
        tx.later(e.SyncEvent(meeting_id))
