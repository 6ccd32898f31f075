"""People: bindings, absence, leavers, who cannot be reached; what operators see and do."""
