"""Somebody's code, as a thing that can be described and run: here, or in another process."""
