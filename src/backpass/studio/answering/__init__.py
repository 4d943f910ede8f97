"""What the page asks the server, and its answers: on a number, on code that was pasted."""
