"""practice: who we are, how to reach us, and which providers work or worked for us."""
