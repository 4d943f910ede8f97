"""Text files of rows: letters, separators and lines, and cells that become numbers."""
