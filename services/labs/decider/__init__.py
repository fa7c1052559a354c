"""The deciders of labs: pure rules from a state and a command to events. One module per aggregate."""
