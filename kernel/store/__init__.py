"""The database under an event log: one port, two engines (SQLite, PostgreSQL)."""
