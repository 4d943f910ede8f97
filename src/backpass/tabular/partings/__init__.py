"""Rows parted again and again, and what the partings tell of one another."""
