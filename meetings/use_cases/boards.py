"""What each part of a meeting's thread on the board shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meetings.model import Body, Meeting
from meetings.ports import Tx
from meetings.screens.base import Screen
from meetings.use_cases import agenda, attendance, minutes

# None: the part has nothing to show yet.
BOARDS: Mapping[str, Callable[[Tx, Body, Meeting], Screen | None]] = {
    "meeting": agenda.board_meeting,
    "roll": attendance.board_roll,
    "minutes": minutes.board_minutes,
    "approved": minutes.board_approved,
}
