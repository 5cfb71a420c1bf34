"""The record in SQLite or PostgreSQL: tables, mapping, one transaction a turn, journal, outbox. Nothing else sees SQLAlchemy."""
