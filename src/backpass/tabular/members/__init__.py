"""A member: one small network on a table's rows in its own codes, and how it is trained."""
