"""The shared kernel: event log, committer, projections, reactions, bus. It knows no service and no e-mail."""
