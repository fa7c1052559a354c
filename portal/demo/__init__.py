"""The demo: a practice, people and laboratory messages that we made up. Nobody real is meant."""
