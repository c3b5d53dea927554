"""The demo: four clients of one consultancy, each at another point of its cycle today."""

from __future__ import annotations

from reviews.demo.build import Loaded, load_demo
from reviews.demo.people import PASSWORD, PEOPLE, address

__all__ = ["PASSWORD", "PEOPLE", "Loaded", "address", "load_demo"]
