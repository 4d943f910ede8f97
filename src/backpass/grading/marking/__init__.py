"""Points for what is right in a submission: a rubric, the parts it weighs, and what is odd."""
