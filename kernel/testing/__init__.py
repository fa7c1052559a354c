"""Parts for tests on real servers: nats-server, SQLite, PostgreSQL. Nothing here is a mock."""
