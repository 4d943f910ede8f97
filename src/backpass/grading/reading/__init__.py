"""Submissions as people hand them in: files, notebooks, zips, and folders of learning platforms."""
