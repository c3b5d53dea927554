"""What the key results of a seeded client measure, and the courses that they take. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from scoring import Method

TENTHS = Decimal("0.1")
Rungs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One of the sixteen key results that every seeded client has, four to an objective."""

    title: str
    unit: str
    baseline: int
    target: int
    owner: str = "contributor"  # the kind of person
    rungs: Rungs = ()  # best first; a line where there are none

    @property
    def method(self) -> Method:
        return Method.LADDER if self.rungs else Method.LINEAR

    @property
    def higher_is_better(self) -> bool:
        return self.target > self.baseline

    def value(self, way: Decimal) -> Decimal:
        """The value at that share of the way from baseline to target."""
        return (self.baseline + (self.target - self.baseline) * way).quantize(TENTHS)


OBJECTIVES = (
    ("Company", "Make first-time buyers want to return"),
    ("Growth", "Let people find what they came for"),
    ("Platform", "Give every team a platform it can trust"),
    ("Service", "Answer people before they ask twice"),
)
SHAPES = (
    Shape(title="Buyers who order again", unit="%", baseline=18, target=30, owner="champion"),
    Shape(
        title="Days to the second order", unit="days", baseline=48, target=30, owner="consultant"
    ),
    Shape(title="Members of the loyalty plan", unit="members", baseline=4000, target=9000),
    Shape(title="Reviews with five stars", unit="%", baseline=52, target=70),
    Shape(title="Searches that find nothing", unit="%", baseline=14, target=4, owner="consultant"),
    Shape(title="Visits that end in an order", unit="%", baseline=2, target=5),
    Shape(
        title="Product pages with a size guide",
        unit="pages",
        baseline=100,
        target=900,
        rungs=(("740", "1.00"), ("580", "0.70"), ("340", "0.40")),
    ),
    Shape(title="Readers of the newsletter", unit="people", baseline=8000, target=20000),
    Shape(
        title="Hours to put a change live", unit="hours", baseline=72, target=8, owner="champion"
    ),
    Shape(title="Incidents in a month", unit="incidents", baseline=24, target=6),
    Shape(
        title="Services with an owner",
        unit="services",
        baseline=10,
        target=50,
        owner="consultant",
        rungs=(("42", "1.00"), ("34", "0.70"), ("22", "0.40")),
    ),
    Shape(title="Checks that run by themselves", unit="%", baseline=35, target=90),
    Shape(title="Hours to the first answer", unit="hours", baseline=20, target=4),
    Shape(title="Questions answered at once", unit="%", baseline=41, target=75, owner="consultant"),
    Shape(
        title="Calls about late parcels", unit="calls", baseline=900, target=300, owner="champion"
    ),
    Shape(
        title="Customers who would recommend us",
        unit="%",
        baseline=22,
        target=45,
        owner="consultant",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How far it has come by a share of the weeks that were reported, and what people say."""

    way: Callable[[Decimal], Decimal]
    confidence: int
    insight: str
    next_action: str
    last: tuple[str, ...] = ()  # what the last weeks are instead, oldest first


def _to(end: str) -> Callable[[Decimal], Decimal]:
    return lambda share: Decimal(end) * share


STEADY = Course(
    way=_to("0.75"),
    confidence=4,
    insight="The new flow reaches more people every week.",
    next_action="Roll it out to the next region",
)
AHEAD = Course(
    way=_to("0.97"),
    confidence=5,
    insight="The pilot carries further than we hoped.",
    next_action="Write down what the pilot changed",
)
SLOW = Course(
    way=_to("0.50"),
    confidence=3,
    insight="Half of the accounts answer, the others wait.",
    next_action="Call the accounts that wait",
)
LATE = Course(
    way=lambda share: Decimal("0.72") * share * share,
    confidence=3,
    insight="The first weeks went into the data feed.",
    next_action="Bring the second feed online",
)
STUCK = Course(
    way=lambda share: Decimal("0.42"),
    confidence=2,
    insight="No change",
    next_action="Wait for legal",
)
SLIPPING = Course(
    way=lambda share: Decimal("0.36") + Decimal("0.10") * share,
    confidence=3,
    insight="The offer reaches accounts too late.",
    next_action="Move the offer to day twenty",
    last=("0.24", "0.20", "0.17"),
)
DROPPED = Course(
    way=lambda share: Decimal("0.38") + Decimal("0.12") * share,
    confidence=3,
    insight="The supplier changed its terms last week.",
    next_action="Agree on terms with the supplier",
    last=("0.22",),
)
# Which course a key result takes: one in twenty is red since three weeks, as many since one.
COURSES = (
    *(SLIPPING, STEADY, SLOW, AHEAD, STEADY, STUCK, LATE, STEADY, SLOW, AHEAD),
    *(DROPPED, STEADY, SLOW, LATE, STEADY, SLOW, AHEAD, STUCK, STEADY, SLOW),
)
