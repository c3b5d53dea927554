"""Time zones and countries to choose from, as the time zone database lists them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import groupby
from zoneinfo import available_timezones

Grouped = list[tuple[str, list[tuple[str, str]]]]


@cache
def time_zones() -> Grouped:
    """Zones named after places, by continent, and UTC."""
    regions = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"
    names = sorted(zone for zone in available_timezones() if zone.split("/")[0] in regions.split())
    grouped = groupby(names, key=lambda zone: zone.split("/")[0])
    continents = [(region, [(zone, city(zone)) for zone in zones]) for region, zones in grouped]
    return [*continents, ("No place", [("UTC", "UTC")])]


def city(zone: str) -> str:
    """`America/Argentina/Buenos_Aires` reads Argentina, Buenos Aires."""
    return ", ".join(zone.replace("_", " ").split("/")[1:])


@cache
def countries() -> list[tuple[str, str]]:
    """ISO 3166 codes with their English names, by name."""
    lines = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return sorted(((code, name) for code, name in rows), key=lambda row: row[1])
