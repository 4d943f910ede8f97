"""Solvers: pure functions over explicit state, sorted by increasing complexity."""
