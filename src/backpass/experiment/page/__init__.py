"""The parts of a report: templates, and what each of them shows."""
