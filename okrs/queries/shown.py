"""The key results that pages show: those of current cycles, else of the last one."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from engagements.models import Engagement
from okrs.models import Cycle, CycleKind, KeyResult, Stage

RESTS_FOR = dt.timedelta(days=100)  # a quarter and some days to plan the next


def shown_key_results(
    engagement: Engagement, *, at: dt.datetime, today: dt.date
) -> QuerySet[KeyResult]:
    """Return those committed by `at` of the cycles of today; of a kind without one, of the last.

    They come in the order of the page: quarterly, micro, then annual cycles; in each the company's
    objectives first.
    """
    later = Cycle.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        kind=OuterRef("objective__cycle__kind"),
        starts_on__lte=today,
        ends_on__gt=OuterRef("objective__cycle__ends_on"),
        objectives__committed_at__lte=at,
    )
    runs = Q(objective__cycle__ends_on__gte=today)
    rests = (
        Q(objective__cycle__ends_on__gte=today - RESTS_FOR)
        & ~Q(objective__cycle__kind=CycleKind.MICRO)
        & ~Exists(later)
    )
    return (
        KeyResult.objects.filter(
            runs | rests,
            engagement=engagement,
            committed_at__lte=at,
            objective__committed_at__lte=at,
            objective__cycle__starts_on__lte=today,
        )
        .exclude(stage=Stage.WITHDRAWN)
        .order_by(
            "-objective__cycle__kind",  # quarterly, micro, annual
            "objective__cycle__starts_on",
            "objective__cycle_id",
            Collate("objective__team__name", "C").asc(nulls_first=True),
            "objective__position",
            "objective_id",
            "position",
            "id",
        )
    )


def end_of(day: dt.date, *, engagement: Engagement) -> dt.datetime:
    """Return the last instant of that day in the client's zone."""
    midnight = dt.datetime.combine(
        day + dt.timedelta(days=1), dt.time(), tzinfo=engagement.zone
    ).astimezone(dt.UTC)
    return midnight - dt.timedelta(microseconds=1)
