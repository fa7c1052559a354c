"""The published language: the only thing that services share about each other."""
