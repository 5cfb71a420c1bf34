"""What is kept of oneself is shown to oneself, and on a channel to nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from meetings import commands as c
from meetings.model import Attendance, Comment, CommentKind, Conversation, Sign
from meetings.screens.base import Told
from meetings.screens.people import MyData
from meetings.use_cases import execute
from storage.transaction import Transaction
from tests.samples import NOW, meeting
from tests.use_cases.stage import stage

MINE = Comment("c1", "meeting", "r1", "m3", CommentKind.REMARK, "Vuokra on liian korkea", NOW)
RECORDED = replace(
    meeting(),
    attendances=(Attendance("a1", "meeting", "m3", Sign.PRESENT), Attendance("a2", "meeting", "m1", Sign.PRESENT)),
    comments=(MINE, replace(MINE, id="c2", person_id="m1")),
)


async def test_everyone_sees_what_there_is_of_themselves_and_no_other(tmp_path: Path) -> None:
    async with stage(tmp_path, meeting=RECORDED) as made:
        shown = await made.storage.run(lambda tx: execute(c.ShowMyData(), tx), actor=await made.person("m3"))
        assert isinstance(shown, MyData)
        assert (shown.person.name, [one.person_id for _, one in shown.places]) == ("Nimi m3", ["m3"])
        assert dict(shown.counts) == {"presence": 1, "answers": 0, "comments": 1, "messages": 0, "deeds": 0}
        stranger = await made.storage.run(lambda tx: execute(c.ShowMyData(), tx), actor=await made.person("stranger"))
        assert isinstance(stranger, MyData)
        assert (stranger.places, sum(count for _, count in stranger.counts)) == ((), 0)


async def test_on_a_channel_nothing_is_shown(tmp_path: Path) -> None:
    channel = Conversation("19:board@thread.tacv2", "tenant", "https://smba.example/", "channel")

    def ask(tx: Transaction) -> object:
        tx.conversation = channel
        return execute(c.ShowMyData(), tx)

    async with stage(tmp_path, meeting=RECORDED) as made:
        told = await made.storage.run(ask, actor=await made.person("m3"))
        assert isinstance(told, Told)
        assert told.text.key == "data.on_desk"
