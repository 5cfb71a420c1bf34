"""The journal is append-only: the database refuses to change or remove a row, and two rows cannot follow the same one"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSAL = "the journal is append-only"


def upgrade() -> None:
    op.create_index("uq_journal_before", "journal", ["before"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        for name, what in (("journal_no_update", "UPDATE"), ("journal_no_delete", "DELETE")):
            op.execute(f"CREATE TRIGGER {name} BEFORE {what} ON journal BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")
        return
    op.execute(
        f"CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute("CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuses()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER journal_no_update")
        op.execute("DROP TRIGGER journal_no_delete")
    else:
        op.execute("DROP TRIGGER journal_append_only ON journal")
        op.execute("DROP FUNCTION journal_refuses")
    op.drop_index("uq_journal_before", "journal")
