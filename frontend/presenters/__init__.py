"""Pure functions from answers of the API to what a template shows."""
