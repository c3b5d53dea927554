"""The demo: four clients of one consultancy, each at another point of its cycle today."""

from __future__ import annotations

from demo.stories.build import Loaded, load_demo
from demo.stories.people import PASSWORD, PEOPLE, address

__all__ = ["PASSWORD", "PEOPLE", "Loaded", "address", "load_demo"]
