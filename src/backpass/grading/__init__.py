"""Grades submissions: their code runs contained, in processes of its own; the judge is here."""
