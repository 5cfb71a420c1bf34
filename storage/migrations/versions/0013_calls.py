"""What Teams tells of the calls in which meetings are held"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_note",
        sa.Column("meeting_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_call_note_meeting_id_meeting"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("meeting_id", "kind", "at", "person_id", name=op.f("pk_call_note")),
    )


def downgrade() -> None:
    op.drop_table("call_note")
