"""What identity decides, one module per kind of aggregate: pure functions, no clock, no ids."""
