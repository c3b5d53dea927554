"""Countries with their weekends, and time zones with their countries and names."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import groupby

import holidays

Grouped = list[tuple[str, list[tuple[str, str]]]]
SATURDAY_AND_SUNDAY = frozenset({5, 6})


@cache
def time_zones() -> Grouped:
    """Zones named after places, each under its one current name, by continent, and UTC."""
    grouped = groupby(sorted(_countries_of_zones()), key=lambda zone: zone.split("/")[0])
    continents = [(region, [(zone, city(zone)) for zone in zones]) for region, zones in grouped]
    return [*continents, ("No place", [("UTC", "UTC")])]


def current_zone(name: str) -> str:
    """Return today's name of a zone, for example Asia/Kolkata for Asia/Calcutta.

    Names without a place of today, and names that are no zone, stay as they are.
    """
    zone = name if name in _countries_of_zones() else _older_names().get(name, name)
    return "UTC" if zone == "Etc/UTC" else zone


def city(zone: str) -> str:
    """`America/Argentina/Buenos_Aires` reads Argentina, Buenos Aires."""
    return ", ".join(zone.replace("_", " ").split("/")[1:]) or zone


def zone_time(zone: str) -> str:
    """Name the time of a zone as people read it: "Berlin time", "UTC"."""
    return zone if zone == "UTC" else f"{city(zone)} time"


@cache
def countries() -> list[tuple[str, str]]:
    """ISO 3166 codes with their English names, by name."""
    return sorted(((code, name) for code, name in _rows("iso3166.tab")), key=lambda row: row[1])


def country_of(zone: str) -> str:
    """Return the code of the country in which the zone's city lies; "" for UTC and the like."""
    return _countries_of_zones().get(current_zone(zone), "")


@cache
def weekend_of(country: str) -> frozenset[int]:
    """Return the country's days off as weekdays, Monday 0; an unknown one has Saturday and Sunday."""
    try:
        return frozenset(holidays.country_holidays(country.upper()).weekend)
    except NotImplementedError:
        return SATURDAY_AND_SUNDAY


@cache
def _countries_of_zones() -> dict[str, str]:
    return {zone: country for country, _, zone, *_ in _rows("zone.tab")}


@cache
def _older_names() -> dict[str, str]:
    """Map each other name to the zone that it links to, as the time zone database has it."""
    links = [row for row in _rows("tzdata.zi", separator=" ") if row[0] == "L"]
    return {name: zone for _, zone, name in links}


def _rows(table: str, *, separator: str = "\t") -> list[list[str]]:
    lines = (files("tzdata.zoneinfo") / table).read_text(encoding="utf-8").splitlines()
    return [line.split(separator) for line in lines if line and not line.startswith("#")]
