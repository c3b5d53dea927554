"""Numbers, lines and ladders to try."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

Rungs = list[tuple[Decimal, Decimal]]
Line = tuple[Decimal, Decimal]

values = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
hundredths = st.integers(0, 100).map(lambda count: Decimal(count) / 100)
scores_or_none = st.none() | hundredths
weights = st.decimals(min_value="0.01", max_value=1000, places=2)
lines = st.tuples(values, values).filter(lambda ends: ends[0] != ends[1])


@st.composite
def ladders(draw: st.DrawFn, *, higher_is_better: bool) -> Rungs:
    size = draw(st.integers(1, 6))
    scores = draw(st.lists(hundredths.filter(bool), min_size=size, max_size=size, unique=True))
    thresholds = draw(st.lists(values, min_size=size, max_size=size, unique=True))
    return list(
        zip(sorted(thresholds, reverse=higher_is_better), sorted(scores, reverse=True), strict=True)
    )


falling = ladders(higher_is_better=True)
rising = ladders(higher_is_better=False)
