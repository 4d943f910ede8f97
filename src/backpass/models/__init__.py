"""The model of a table as one value, and each network of it by itself."""
