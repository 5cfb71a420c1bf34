"""The people are known by heart as long as none of them changes, and the meetings ahead are found by their day"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOVED = "INSERT INTO people (id, version) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET version = people.version + 1"


def upgrade() -> None:
    op.create_index("ix_meeting_day", "meeting", ["day"])
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # By a trigger, as the version before writes people too; at the commit, so that nobody holds the row while waiting for another.
        op.execute(f"CREATE FUNCTION people_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {MOVED}; RETURN NULL; END $$")
        op.execute(
            "CREATE CONSTRAINT TRIGGER people_moved AFTER INSERT OR UPDATE OR DELETE ON person DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION people_moved()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER people_moved ON person")
        op.execute("DROP FUNCTION people_moved")
    op.drop_table("people")
    op.drop_index("ix_meeting_day", "meeting")
