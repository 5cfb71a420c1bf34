"""What is kept of oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meetings import commands as c
from meetings.ports import Tx
from meetings.rules.people import places_of
from meetings.scope import Scope, own_bodies
from meetings.screens.base import Screen, Told, sentence
from meetings.screens.people import MyData

# Kinds in the order they are shown in, and the rows that are of each.
KINDS: Mapping[str, tuple[str, ...]] = {
    "presence": ("attendance", "movement", "disqualification", "dissent", "deputy_call", "minutes_check"),
    "answers": ("invitation_answer", "poll_answer", "round_reply"),
    "comments": ("comment",),
    "messages": ("effect",),
    "deeds": ("journal",),
}


def show_my_data(_command: c.ShowMyData, tx: Tx, scope: Scope) -> Screen:
    """To the person alone: on a channel everybody would read it."""
    del scope
    steps = (c.ShowStatus(), c.ShowHelp())
    if tx.conversation is not None and tx.conversation.kind != "personal":
        return Told(text=sentence("data.on_desk"), steps=steps)
    rows = tx.own_rows()
    return MyData(
        person=tx.actor,
        places=tuple((body, one) for body in own_bodies(tx) for one in places_of(body, tx.actor.id)),
        counts=tuple((kind, sum(rows.get(one, 0) for one in tables)) for kind, tables in KINDS.items()),
        steps=steps,
    )


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.ShowMyData: show_my_data}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.ShowMyData: show_my_data}
