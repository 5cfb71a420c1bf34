"""What the record adds to an item in stock sentences: who opened and closed, who came and went, stood aside, voted, dissented."""

from __future__ import annotations

from documents.blocks import Block, Bullets, Paragraph
from documents.speech import Speech, content, one_line
from meetings.model import Body, Choice, Direction, Item, Meeting, Movement, Outcome, Standing, Vote
from meetings.rules.presence import quorum
from texts import format_time, format_times

# The chair finds these, the body does not decide them (domain: legality and quorum are found).
_FOUND = (Standing.OPENING, Standing.QUORUM, Standing.CLOSING)


class Record:
    """The recorded facts of one meeting as sentences. A sentence the secretary already wrote into the item is not said twice."""

    def __init__(self, say: Speech, body: Body, meeting: Meeting) -> None:
        self._say = say
        self._body = body
        self._meeting = meeting

    def opened(self) -> list[Block]:
        at = self._meeting.opened_at
        return [Paragraph(self._say.stock("opened", time=self._say.local(at)))] if at else []

    def closed(self) -> list[Block]:
        at = self._meeting.closed_at
        return [Paragraph(self._say.stock("closed", time=self._say.local(at)))] if at else []

    def found(self, item: Item) -> list[Block]:
        """The opening, the finding of quorum (as it was when the roll was closed) and the closing, in their items."""
        sentences = {Standing.OPENING: self.opened, Standing.QUORUM: self._quorum, Standing.CLOSING: self.closed}
        made = sentences[item.standing]() if item.standing in sentences else []
        written = one_line(f"{item.handling} {item.discussion} {item.decision}")
        return [block for block in made if not (isinstance(block, Paragraph) and block.text in written)]

    def comings_and_goings(self, item: Item) -> tuple[Paragraph, ...]:
        """Arrivals and departures during the item, then who stood aside, each in the order of the clock."""
        moves = sorted((one for one in self._meeting.movements if one.item_id == item.id), key=lambda one: one.at)
        said, told = set(), []
        for place, move in enumerate(moves):
            if move.id in said:
                continue
            back = next((one for one in moves[place + 1 :] if one.person_id == move.person_id), None)
            if move.direction is Direction.LEFT and back is not None and back.direction is Direction.ARRIVED:
                said.add(back.id)
                told.append(self._away(move, back))
            else:
                told.append(self._moved(move))
        return tuple(Paragraph(text) for text in (*told, *self._disqualified(item)))

    def votes(self, item: Item) -> tuple[Paragraph, ...]:
        return tuple(Paragraph(text) for vote in self._meeting.votes if vote.item_id == item.id for text in self._vote(vote))

    def outcome(self, item: Item) -> tuple[Paragraph, ...]:
        """The stock sentence of the outcome."""
        if item.outcome is Outcome.NONE or (item.standing in _FOUND and item.outcome is not Outcome.WITHDRAWN):
            return ()
        sentence = self._say.stock(item.outcome)
        return () if sentence in one_line(item.decision) else (Paragraph(sentence),)

    def dissents(self, item: Item) -> tuple[Paragraph | Bullets, ...]:
        parts: list[Paragraph | Bullets] = []
        for one in self._meeting.dissents:
            if one.item_id == item.id:
                parts += [Paragraph(self._say.stock("dissent", name=self._say.name(one.person_id))), *content(one.text)]
        return tuple(parts)

    def _quorum(self) -> list[Block]:
        # A meeting can be closed without its quorum ever having been found: that is what the minutes say then.
        at = self._meeting.roll_closed_at or self._meeting.closed_at
        if at is None:
            return []
        found = quorum(self._body, self._meeting, at=at)
        key = "quorate" if found.quorate else "not_quorate"
        return [Paragraph(self._say.stock(key, filled=found.filled, seats=found.seats))]

    def _moved(self, move: Movement) -> str:
        key = "arrived" if move.direction is Direction.ARRIVED else "left"
        return self._say.stock(key, name=self._say.name(move.person_id), time=self._say.local(move.at))

    def _away(self, left: Movement, back: Movement) -> str:
        times = format_times(self._say.language, self._say.local(left.at), self._say.local(back.at))
        return self._say.stock("away", name=self._say.name(left.person_id), times=times)

    def _disqualified(self, item: Item) -> list[str]:
        told = []
        for one in sorted(self._meeting.disqualifications, key=lambda other: other.left_at):
            if one.item_id != item.id:
                continue
            left, back = self._say.local(one.left_at), self._say.local(one.back_at) if one.back_at else None
            times = format_times(self._say.language, left, back) if back else format_time(self._say.language, left)
            facts = {"name": self._say.name(one.person_id), "ground": one_line(one.ground), "times": times}
            if one.deputy_id:
                told.append(self._say.stock("disqualified_deputy", deputy=self._say.name(one.deputy_id), **facts))
            else:
                told.append(self._say.stock("disqualified", **facts))
        return told

    def _vote(self, vote: Vote) -> list[str]:
        say = self._say
        told = [say.stock("counter_proposal", text=one_line(vote.counter_proposal))] if vote.counter_proposal.strip() else []
        if vote.secret:
            told.append(say.stock("secret"))
        votes_for = say.stock("votes_for", count=vote.votes_for)
        votes_against = say.stock("votes_against", count=vote.votes_against)
        told.append(say.stock("vote", votes_for=votes_for, votes_against=votes_against, blank=vote.blank))
        if vote.chair_choice in {Choice.FOR, Choice.AGAINST}:
            told.append(say.stock(f"tie_{vote.chair_choice}"))
        return told
