from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django import forms

from engagements.form_fields import ZoneField
from engagements.places import country_of, current_zone, time_zones, weekend_of

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


@pytest.mark.parametrize(
    ("country", "weekend"),
    [
        ("SA", {FRIDAY, SATURDAY}),
        ("sa", {FRIDAY, SATURDAY}),
        ("EG", {FRIDAY, SATURDAY}),
        ("IL", {FRIDAY, SATURDAY}),
        ("IR", {FRIDAY}),
        ("BN", {FRIDAY, SUNDAY}),
        ("AE", {SATURDAY, SUNDAY}),
        ("DE", {SATURDAY, SUNDAY}),
        ("US", {SATURDAY, SUNDAY}),
        ("XX", {SATURDAY, SUNDAY}),
        ("", {SATURDAY, SUNDAY}),
    ],
)
def test_weekends_follow_the_country(country: str, weekend: set[int]) -> None:
    assert weekend_of(country) == weekend


@pytest.mark.parametrize(
    ("name", "today", "country"),
    [
        ("Asia/Calcutta", "Asia/Kolkata", "IN"),
        ("Asia/Saigon", "Asia/Ho_Chi_Minh", "VN"),
        ("Asia/Riyadh", "Asia/Riyadh", "SA"),
        ("US/Pacific", "America/Los_Angeles", "US"),
        ("Europe/Kiev", "Europe/Kyiv", "UA"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires", "AR"),
        ("Europe/Amsterdam", "Europe/Amsterdam", "NL"),  # the database links it to Brussels
        ("Zulu", "UTC", ""),
        ("Etc/GMT+5", "Etc/GMT+5", ""),
        ("Mars/Olympus", "Mars/Olympus", ""),
    ],
)
def test_old_names_of_zones_become_todays(name: str, today: str, country: str) -> None:
    assert (current_zone(name), country_of(name)) == (today, country)


def test_every_zone_that_is_offered_has_its_own_name_and_is_known_here() -> None:
    offered = [zone for _, zones in time_zones() for zone, _ in zones]

    assert [current_zone(zone) for zone in offered] == offered
    assert all(ZoneInfo(zone) for zone in offered)


class ZoneForm(forms.Form):
    time_zone = ZoneField()


@pytest.mark.parametrize(
    ("typed", "saved"), [("Asia/Calcutta", "Asia/Kolkata"), ("Asia/Kolkata", "Asia/Kolkata")]
)
def test_a_form_reads_an_old_name_as_todays(typed: str, saved: str) -> None:
    form = ZoneForm({"time_zone": typed})

    assert form.is_valid()
    assert form.cleaned_data["time_zone"] == saved
    assert f'value="{saved}" selected' in str(form["time_zone"])


@pytest.mark.parametrize(
    ("stored", "shown"), [("Europe/Kiev", "Europe/Kyiv"), ("Etc/GMT+5", "Etc/GMT+5")]
)
def test_a_form_shows_a_stored_zone_under_todays_name(stored: str, shown: str) -> None:
    field = ZoneForm(initial={"time_zone": stored})["time_zone"]

    assert f'value="{shown}" selected' in str(field)


def test_a_form_refuses_a_zone_that_does_not_exist() -> None:
    assert not ZoneForm({"time_zone": "Mars/Olympus"}).is_valid()
