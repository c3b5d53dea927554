"""Time zones and countries to choose from, as the time zone database lists them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import groupby

Grouped = list[tuple[str, list[tuple[str, str]]]]


@cache
def time_zones() -> Grouped:
    """Zones named after places, each under its one current name, by continent, and UTC."""
    names = sorted(zone for _, _, zone, *_ in _rows("zone.tab"))
    grouped = groupby(names, key=lambda zone: zone.split("/")[0])
    continents = [(region, [(zone, city(zone)) for zone in zones]) for region, zones in grouped]
    return [*continents, ("No place", [("UTC", "UTC")])]


def city(zone: str) -> str:
    """`America/Argentina/Buenos_Aires` reads Argentina, Buenos Aires."""
    return ", ".join(zone.replace("_", " ").split("/")[1:]) or zone


@cache
def countries() -> list[tuple[str, str]]:
    """ISO 3166 codes with their English names, by name."""
    return sorted(((code, name) for code, name in _rows("iso3166.tab")), key=lambda row: row[1])


def _rows(table: str) -> list[list[str]]:
    lines = (files("tzdata.zoneinfo") / table).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
