"""Tests of the whole portal: real processes, a real bus, real mail."""
