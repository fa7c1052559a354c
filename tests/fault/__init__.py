"""Kills, cuts and wipes under load, and a checker that reads the stores themselves."""
