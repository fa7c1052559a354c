"""The bus: NATS JetStream for events (FastStream), core request-reply for commands and queries."""
