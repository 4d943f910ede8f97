"""How somebody's functions are called, and how they answer: recognised by names and by trying."""
