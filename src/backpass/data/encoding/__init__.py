"""From a known table to X: fitted on training rows, kept as plain arrays."""
