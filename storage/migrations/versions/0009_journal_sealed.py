"""Rows of the journal tell by what something was done, and what was typed can be taken out of them, but nothing else changed"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REFUSAL = "the journal is append-only"
ADDED = (("origin", sa.Text()), ("salt", sa.String(32)), ("sealed", sa.String(64)))
TAKEN_OUT = "NEW.payload = '' AND NEW.origin = '' AND NEW.salt = ''"
KEPT = ("seq", "body_id", "meeting_id", "person_id", "at", "command", "before", "hash", "sealed")


def upgrade() -> None:
    # In place, as a rebuilt table would lose its triggers. The defaults stay: the version before writes rows without these columns.
    for name, kind in ADDED:
        op.add_column("journal", sa.Column(name, kind, nullable=False, server_default=sa.text("''")))
    if op.get_bind().dialect.name == "sqlite":
        kept = " AND ".join(f'NEW."{name}" = OLD."{name}"' for name in KEPT)
        op.execute("DROP TRIGGER journal_no_update")
        op.execute(f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal WHEN NOT ({TAKEN_OUT} AND {kept}) {_refuse()}")
        return
    kept = ", ".join(f'{{row}}."{name}"' for name in KEPT)
    same = f"({kept.format(row='NEW')}) = ({kept.format(row='OLD')})"
    op.execute("DROP TRIGGER journal_append_only ON journal")
    for name, when in (("journal_no_update", f"UPDATE ON journal FOR EACH ROW WHEN (NOT ({TAKEN_OUT} AND {same}))"), ("journal_no_delete", "DELETE ON journal FOR EACH ROW")):
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION journal_refuses()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER journal_no_update")
        op.execute(f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal {_refuse()}")
    else:
        op.execute("DROP TRIGGER journal_no_update ON journal")
        op.execute("DROP TRIGGER journal_no_delete ON journal")
        op.execute("CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuses()")
    for name, _ in ADDED:
        op.drop_column("journal", name)


def _refuse() -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
