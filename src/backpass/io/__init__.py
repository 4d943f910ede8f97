"""Saving and loading, and other programs' formats."""
