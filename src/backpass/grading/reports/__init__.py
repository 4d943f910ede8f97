"""What is written of marks: tables, pages for students, files for other programs."""
