"""gateway: the HTTP door. It knows who calls, how often, and where to; it decides nothing."""
