"""Answers to invitations, the log of deputies' calls, polls of dates, and what the calendars are known to keep"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Table → the columns that are new in it, each with what the rows that are there already get.
ADDED = {
    "body": (("calling", sa.String(40), "on_decline"), ("warn_days", sa.Integer(), "3")),
    "meeting": (
        ("event_uid", sa.Text(), ""),
        ("event_seen", sa.Text(), ""),
        ("event_trouble", sa.String(40), ""),
    ),
    "document": (("link", sa.Text(), ""),),
    "draft": (("busy", sa.JSON(), "[]"),),
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as batch_op:
            for name, kind, value in columns:
                batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        with op.batch_alter_table(table) as batch_op:
            for name, _, _ in columns:
                batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table("deputy_call") as batch_op:
        batch_op.add_column(sa.Column("ended_at", Instant(), nullable=True))
    op.create_index(op.f("ix_meeting_event_id"), "meeting", ["event_id"])
    op.create_table(
        "invitation_answer",
        _id(),
        *_of("invitation_answer", "meeting"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("response", sa.String(40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("proposed_start", Instant(), nullable=True),
        sa.Column("proposed_end", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation_answer")),
    )
    op.create_table(
        "poll",
        _id(),
        *_of("poll", "body"),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
    )
    op.create_table(
        "poll_option",
        _id(),
        *_of("poll_option", "body"),
        sa.Column("poll_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("start", sa.Time(), nullable=False),
        sa.Column("end", sa.Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_option")),
    )
    op.create_table(
        "poll_answer",
        _id(),
        *_of("poll_answer", "body"),
        sa.Column("option_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("suits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_answer")),
    )
    for table, parent in (("invitation_answer", "meeting_id"), ("poll", "body_id"), ("poll_option", "body_id"), ("poll_answer", "body_id")):
        op.create_index(op.f(f"ix_{table}_{parent}"), table, [parent])
    op.create_table(
        "watch",
        sa.Column("mailbox", sa.String(320), nullable=False),
        sa.Column("delta_link", sa.Text(), nullable=False),
        sa.Column("window_end", sa.Date(), nullable=True),
        sa.Column("subscription_id", sa.String(200), nullable=False),
        sa.Column("client_state", sa.String(128), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("renew_at", Instant(), nullable=True),
        sa.Column("trouble", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_watch")),
    )
    op.create_index("ix_effect_lane_state", "effect", ["lane", "state"])


def downgrade() -> None:
    op.drop_index("ix_effect_lane_state", "effect")
    for table in ("watch", "poll_answer", "poll_option", "poll", "invitation_answer"):
        op.drop_table(table)
    op.drop_index(op.f("ix_meeting_event_id"), "meeting")
    with op.batch_alter_table("deputy_call") as batch_op:
        batch_op.drop_column("ended_at")
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as batch_op:
            for name, _, _ in columns:
                batch_op.drop_column(name)


def _id() -> sa.Column:
    return sa.Column("id", sa.String(200), nullable=False)


def _of(table: str, parent: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    name = f"{parent}_id"
    return (
        sa.Column(name, sa.String(200), nullable=False),
        sa.ForeignKeyConstraint([name], [f"{parent}.id"], name=op.f(f"fk_{table}_{name}_{parent}")),
    )
