"""From a source to a raw table: one reader a format, and what it has to find out."""
