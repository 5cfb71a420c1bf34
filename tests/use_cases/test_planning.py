"""What is typed into the form of a meeting and cannot be read is named, with how to write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meetings import commands as c
from meetings.errors import Refused
from meetings.screens.planning import MeetingForm
from tests.use_cases.stage import stage


@pytest.mark.parametrize(
    ("fields", "key", "params"),
    [
        ({"day": ""}, "planning.day_missing", {}),
        ({"day": "2026-13-45"}, "planning.day_missing", {}),
        ({"start": " "}, "planning.start_missing", {}),
        ({"start": "aamulla"}, "planning.start_unread", {"text": "aamulla"}),
        ({"end": "illalla"}, "planning.end_unread", {"text": "illalla"}),
    ],
)
async def test_an_unread_time_is_told_from_a_missing_one(tmp_path: Path, fields: dict[str, Any], key: str, params: dict[str, str]) -> None:
    command = c.PlanMeeting(body_id="body", **({"day": "2026-09-01", "start": "10.00", "end": "12.00"} | fields))
    async with stage(tmp_path) as room:
        with pytest.raises(Refused) as refused:
            await room.do("sec", command)
        assert (refused.value.key, dict(refused.value.params)) == (key, params)
        form = await room.refusal("sec", command)
        assert isinstance(form, MeetingForm)
        assert (form.start, form.end) == (command.start, command.end)
