"""Explore the schedules of real trio programs: find the failing ones, replay and shrink them."""

__version__ = "0.1.0"

__all__ = ["__version__"]
