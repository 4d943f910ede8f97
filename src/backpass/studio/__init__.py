"""The studio: a page where you watch your own network learn, served here or as one file."""

from .notebook import StudioPage, studio

__all__ = ["StudioPage", "studio"]
