"""Personal messages: which of them a person may do without, and which are to be noticed at once. By their sentence, `told.<sentence>`."""

from __future__ import annotations

# What has happened and asks for nothing. All else is told to everybody it concerns: the call of a deputy and what becomes of it, a question
# with a deadline, and to a secretary what has gone wrong or stops the minutes.
MAY_BE_MUTED = frozenset(
    (
        *("called_for_you", "deputy_called", "deputy_called_next", "deputy_released", "deputy_ended"),
        *("comment_accepted", "comment_noted", "comment_accepted_because", "comment_rejected_because", "comment_noted_because"),
        *("comment_remark", "comment_remark_whole", "minutes_ready", "approved", "collected"),
    )
)
# What somebody has to do, or need not do after all.
RINGING = frozenset(("called", "released", "ended", "moved_on", "last_day", "last_hour"))
