"""Tables, columns and data sets: reading a file, knowing a table, making numbers of it."""
