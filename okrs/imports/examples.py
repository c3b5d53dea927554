"""Two lines that show how a sheet is filled in, a straight line and a ladder."""

from __future__ import annotations

import datetime as dt

from engagements.models import Membership
from okrs.quarters import quarters_from

ALIKE = {
    "level": "company",
    "objective": "Make first-time buyers want to return",
    "method": "linear",
    "weight": "1",
    "commitment": "committed",
}
RETURN_RATE = {
    "key_result": "Share of first-time buyers who buy again",
    "metric": "Repeat purchase rate",
    "definition": "Buyers with a second order within 90 days, in percent",
    "unit": "percent",
    "direction": "higher",
    "baseline": "18",
    "target": "28",
    "valid_low": "0",
    "valid_high": "100",
    "source": "Shop database",
    "refresh": "weekly",
    "indicator": "lagging",
}
ONBOARDING = {
    "key_result": "Median days until a new member is welcomed",
    "metric": "Welcome time",
    "definition": "Days from the first order to the welcome parcel",
    "unit": "days",
    "direction": "lower",
    "baseline": "9",
    "target": "4",
    "valid_low": "0",
    "source": "Shipping system",
    "refresh": "daily",
    "method": "ladder",
    "ladder": "4:1.0;6:0.7;8:0.3",
    "indicator": "leading",
}


def example(*, owner: Membership, today: dt.date) -> list[dict[str, str]]:
    """Lines by column, of the quarter to plan, owned by whoever asks for them."""
    first, _ = quarters_from(today)
    here = {"cycle": first.name, "owner": owner.name, "owner_email": owner.email}
    return [{**ALIKE, **here, **line} for line in (RETURN_RATE, ONBOARDING)]
