"""A body's own Word template for its documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings.ports import Tx
from meetings.scope import Scope
from meetings.screens.base import Screen, Told, sentence

STEPS = (c.ShowBody(), c.ShowStatus())


def take_template(command: c.TakeTemplate, tx: Tx, scope: Scope) -> Screen:
    """Without a file: how to send one. With one (checked and kept by the turn, under `template_id`): the body uses it from now on."""
    if not command.template_id:
        return Told(text=sentence("template.how"), steps=STEPS)
    tx.save(replace(scope.body, template_id=command.template_id))
    return Told(text=sentence("template.taken", name=command.name, body=scope.body.name), steps=STEPS)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.TakeTemplate: take_template}
