"""Several small networks on a table's columns, trained side by side, and a choice among them."""
