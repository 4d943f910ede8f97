"""Rules by which the rows of a table are parted."""
