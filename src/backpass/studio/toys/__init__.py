"""Toy sets of points in a plane, for the playground: the page makes the same ones by itself."""

from .points import TOYS, Points, toy_points
from .settings import GOOD, GoodSettings, ToySettings
from .world import page_state_of_toy, session_data_of_toy, start_of

__all__ = ["GOOD", "TOYS", "GoodSettings", "Points", "ToySettings", "page_state_of_toy",
           "session_data_of_toy", "start_of", "toy_points"]  # fmt: skip
