"""identity: who people are. The patient index, registration, invitations, accounts, sessions."""
