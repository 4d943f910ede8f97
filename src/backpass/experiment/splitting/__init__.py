"""Which rows train, validate and test, and rows that are alike on both sides."""
