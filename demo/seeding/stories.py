"""The key results of a seeded client, and how their numbers go."""

from __future__ import annotations

from typing import NamedTuple

from status.page import Words

REPORT = Words(
    headline="Loyalty grows, and late offers hold it back.",
    moved="More buyers order again.",
    red="Offers reach accounts too late; they move to day twenty.",
    decided="The second feed gets an engineer.",
    next_steps="The terms go out this week.",
)
DECISIONS = (
    ("Move the offer to day twenty for all new accounts", "bet"),
    ("Give the second feed an engineer until the cycle ends", "resources"),
    ("Leave the target of the loyalty plan as it is", "none"),
)
OBJECTIVES = (
    ("", "Make first-time buyers want to return"),
    ("Growth", "Let people find what they came for"),
    ("Platform", "Give every team a platform it can trust"),
    ("Service", "Answer people before they ask twice"),
)


class Shape(NamedTuple):
    """One of the sixteen key results of every client, four to an objective."""

    title: str
    unit: str
    baseline: int
    target: int
    owner: str = "contributor"
    rungs: tuple[tuple[str, str], ...] = ()  # best first; empty for a linear score


def _rungs(*thresholds: str) -> tuple[tuple[str, str], ...]:
    return tuple(zip(thresholds, ("1.00", "0.70", "0.40"), strict=True))


SHAPES = (
    Shape("Buyers who order again", "%", 18, 30, "champion"),
    Shape("Days to the second order", "days", 48, 30, "consultant"),
    Shape("Members of the loyalty plan", "members", 4000, 9000),
    Shape("Reviews with five stars", "%", 52, 70),
    Shape("Searches that find nothing", "%", 14, 4, "consultant"),
    Shape("Visits that end in an order", "%", 2, 5),
    Shape("Pages with a size guide", "pages", 100, 900, rungs=_rungs("740", "580", "340")),
    Shape("Readers of the newsletter", "people", 8000, 20000),
    Shape("Hours to put a change live", "hours", 72, 8, "champion"),
    Shape("Incidents in a month", "incidents", 24, 6),
    Shape("Services with an owner", "services", 10, 50, "consultant", _rungs("42", "34", "22")),
    Shape("Checks that run by themselves", "%", 35, 90),
    Shape("Hours to the first answer", "hours", 20, 4),
    Shape("Questions answered at once", "%", 41, 75, "consultant"),
    Shape("Calls about late parcels", "calls", 900, 300, "champion"),
    Shape("Customers who would recommend us", "%", 22, 45, "consultant"),
)


class Course(NamedTuple):
    """How far a key result gets, as shares of the way to its target, and what its owner writes."""

    start: str
    end: str
    confidence: int
    insight: str
    next_action: str
    last: tuple[str, ...] = ()  # replaces the last weeks, oldest first


STEADY = Course("0", "0.75", 4, "The new flow reaches more people.", "Roll it out further north")
AHEAD = Course("0", "0.97", 5, "The pilot carries further than planned.", "Write down what changed")
SLOW = Course("0", "0.50", 3, "Half of the accounts answer.", "Call the accounts that wait")
LATE = Course("0", "0.40", 3, "The first weeks went into the feed.", "Bring the second feed online")
STUCK = Course("0.42", "0.42", 2, "No change", "Wait for legal")
SLIPPING = Course(
    *("0.36", "0.46", 3, "The offer reaches accounts too late.", "Move the offer to day twenty"),
    last=("0.24", "0.20", "0.17"),
)
DROPPED = Course(
    *("0.38", "0.50", 3, "The supplier changed its terms.", "Agree on terms with the supplier"),
    last=("0.22",),
)
# One key result in twenty has been red for three weeks, as many for one.
COURSES = (
    *(SLIPPING, STEADY, SLOW, AHEAD, STEADY, STUCK, LATE, STEADY, SLOW, AHEAD),
    *(DROPPED, STEADY, SLOW, LATE, STEADY, SLOW, AHEAD, STUCK, STEADY, SLOW),
)
