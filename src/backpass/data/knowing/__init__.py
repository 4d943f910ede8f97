"""From a raw table to a known one: each column's kind, with its reason."""
