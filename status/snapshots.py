"""The content of a status page: everything that clients may see on one day, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import cast

from django.db.models import Exists, F, OuterRef

from accounts.models import midnight
from checkins.models import CheckIn
from decisions.models import OccasionKind, Release
from decisions.queries.log import visible_decisions
from engagements.models import Engagement
from escalations.models import Escalation
from okrs.formatting import write_day
from okrs.headlines import describe_progress
from okrs.models import Forecast
from okrs.queries.cycles import end_of, shown_key_results
from reviews.models import Review
from scoring import Rag, band_range, format_score
from scoring.objectives import STRETCHED_ABOVE, SUCCESS_FROM
from status.key_results import KeyResultToday, key_result_today, red_item
from status.models import WORDS, Report
from status.schema import Counts, Page, PublishedText, ReportText
from status.sections import (
    BANDS,
    States,
    changes_since,
    cycle_heading,
    decision_row,
    objective_block,
    published_text,
    write_instant,
)

NOTHING_COMMITTED = "No objective is committed right now."
MOST_CHANGES = 6
MOST_UNFOLDED = 8
MOST_RECENT = 4  # decisions
RECENT = dt.timedelta(days=30)
FRESH_FOR = dt.timedelta(days=6)
JOINED = (
    *("objective__cycle", "objective__team", "objective__owner", "objective__parent"),
    *("metric", "owner"),
)
OWNER = ("name", "role", "removed_at")
SHOWN = (
    *("engagement_id", "public_id", "title", "commitment", "weight", "baseline"),
    *("latest_value", "target", "method", "ladder", "direction", "starts_on", "due_on"),
    *("committed_at", "stage", "score", "rag", "confidence", "measured_on", "last_period"),
    *("last_week", "red_since", "trail", "insight", "next_action", "next_action_due"),
    *("evidence_url", "on_pace", "silent_from", "is_finished"),
    *("objective__public_id", "objective__title"),
    *(f"{path}__{name}" for path in ("owner", "objective__owner") for name in OWNER),
    *("objective__team__name", "objective__parent__title", "objective__parent__committed_at"),
    *("objective__cycle__name", "objective__cycle__kind", "objective__cycle__starts_on"),
    *("objective__cycle__ends_on", "metric__unit"),
)
ACTED = (
    *("huddle_set_at", "activated_at", "answered_at", "raised_at", "decided_at", "verdict"),
    *("plan", "plan_owner__name"),
)
RELEASED = ("release__number", "release__at", "release__head_number", "release__head_hash")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The day on the client's calendar, and whether the due time of check-ins has passed."""

    day: dt.date
    is_due: bool


def moment_of(engagement: Engagement, *, now: dt.datetime) -> Moment:
    """Return all that a page depends on of the instant."""
    return Moment(day=engagement.today(now), is_due=engagement.due_time_has_passed(now))


def content_hash(content: object) -> str:
    """Return the hash of a page or report, 64 hexadecimal digits; equal contents have equal ones."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def build_snapshot(
    engagement: Engagement,
    moment: Moment,
    *,
    releasing: bool = False,
    publishing: Review | None = None,
) -> Page:
    """Return everything that a client reads on that day, in the order of the page (M12).

    Without flags it depends on the rows and the moment alone: the same for every builder.
    With `releasing` it is the page as of a report that is published now; `publishing` is that
    report's review, whose decisions show already, and the page compares with the review before it.
    Six queries.
    """
    day, until = moment.day, end_of(moment.day, engagement=engagement)
    # Check-ins are due at the due time; periods open and close at midnight.
    at = until if moment.is_due else midnight(day, engagement.zone)
    states = _states(engagement, day=day, until=until, at=at)
    occasion = publishing.occasion if publishing else None
    decisions = visible_decisions(engagement, at=until, releasing=releasing, publishing=occasion)
    since = _compared_review(engagement, day=day, publishing=publishing)
    changes = changes_since(states, since=since, today=day)
    recent = [decision for decision in decisions if decision.decided_on >= day - RECENT]
    longest_red_first = sorted(
        (state for state in states if state.is_red or state.forecast is Forecast.BEHIND),
        # Without a recent update it keeps its place among them (M9.2).
        key=lambda state: (
            state.key_result.on_pace,
            not state.is_red,
            state.key_result.red_since or day,
        ),
    )
    by_cycle = groupby(states, key=lambda state: state.key_result.objective.cycle)
    cycles = [list(group) for _, group in by_cycle]
    scale = engagement.score_scale
    return {
        "client": engagement.client_name,
        "on": day.isoformat(),
        "day": f"{day.day} {day:%B} {day.year}",
        "kicker": cycle_heading(states[0].key_result.objective.cycle, today=day) if states else "",
        "headline": describe_progress(states, today=day) if states else NOTHING_COMMITTED,
        "stamp": _stamp(engagement, until=until) if states else "No check-in yet",
        "since": _describe_since(since, engagement=engagement, today=day),
        "moves": changes[:MOST_CHANGES],
        "more_moves": max(0, len(changes) - MOST_CHANGES),
        "reds": [red_item(state, today=day) for state in longest_red_first],
        "decided": [
            decision_row(decision, states=states, engagement=engagement, today=day)
            for decision in recent[:MOST_RECENT]
        ],
        "counts": _describe_counts(states),
        "states": _count(states),
        "success": " to ".join(
            format_score(bound, scale=scale) for bound in (SUCCESS_FROM, STRETCHED_ABOVE)
        ),
        "folded": len(states) > MOST_UNFOLDED,
        "cycles": [
            {
                "heading": cycle_heading(group[0].key_result.objective.cycle, today=day)
                if len(cycles) > 1
                else "",
                "blocks": [
                    objective_block(
                        list(held),
                        decisions=decisions,
                        engagement=engagement,
                        today=day,
                        rows_of=states,
                    )
                    for _, held in groupby(group, key=lambda state: state.key_result.objective)
                ],
            }
            for group in cycles
        ],
        "legend": [{"rag": band.value, "word": band.label} for band in BANDS],
        "bands": _describe_bands(engagement),
        "report": _last_report(engagement, until=until, today=day),
    }


def _states(
    engagement: Engagement, *, day: dt.date, until: dt.datetime, at: dt.datetime
) -> list[KeyResultToday]:
    """Read the key results of the page and their escalations, in its order. Two queries."""
    rows = shown_key_results(engagement, at=until, today=day).select_related(*JOINED)
    key_results = list(rows.only(*SHOWN))
    for key_result in key_results:
        key_result.engagement = engagement
    # One that recovered and was opened again within a week reads as if it had stayed open.
    active = Escalation.objects.filter(
        engagement=engagement, recovered_at=None, activated_at__isnull=False
    ).select_related("plan_owner")
    shown = active.only("key_result_id", "streak", *ACTED, "checkpoint_on")
    latest = {one.key_result_id: one for one in shown.order_by("opened_at", "id")}
    return [
        key_result_today(row, escalation=latest.get(row.pk), today=day, at=at)
        for row in key_results
    ]


def _compared_review(
    engagement: Engagement, *, day: dt.date, publishing: Review | None
) -> Review | None:
    """Return the published review since whose close the page shows changes. One query.

    For some days after a review this is still the one before it. Otherwise the page would show no
    changes just when it is read.
    """
    releases = Release.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        occasion_kind=OccasionKind.REVIEW,
        occasion_id=OuterRef("public_id"),
    )
    reviews = Review.objects.filter(Exists(releases), engagement=engagement)
    if publishing is not None:
        reviews = reviews.exclude(pk=publishing.pk).filter(closed_at__lt=publishing.closed_at)
    else:
        # By days, as the page changes with the day and not within it.
        reviews = reviews.filter(closed_at__lte=end_of(day - FRESH_FOR, engagement=engagement))
    return reviews.order_by("-closed_at").only("closed_at", "standings").first()


def _stamp(engagement: Engagement, *, until: dt.datetime) -> str:
    """Return when the last check-in came that was not undone. One query."""
    posted = CheckIn.objects.filter(engagement=engagement).effective(at=until).order_by("-id")
    posted_at = posted.values_list("posted_at", flat=True).first()
    if posted_at is None:
        return "No check-in yet"
    return f"Last check-in {write_instant(posted_at, engagement=engagement)}"


def _last_report(
    engagement: Engagement, *, until: dt.datetime, today: dt.date
) -> PublishedText | None:
    """Return the texts of the latest report. One query."""
    report = (
        Report.objects.filter(engagement=engagement, release__at__lte=until)
        .order_by("-release__number")
        .select_related("release", "review")
        .only(*WORDS, *RELEASED, "review__title")
        .annotate(published_by=F("page__report__by"))  # the name as it was then
        .first()
    )
    if report is None:
        return None
    return published_text(
        cast(ReportText, {name: getattr(report, name) for name in WORDS}),
        number=report.release.number,
        review=report.review,
        published_at=report.release.at,
        by=report.published_by,
        head=(report.release.head_number, report.release.head_hash),
        engagement=engagement,
        today=today,
    )


def _describe_since(since: Review | None, *, engagement: Engagement, today: dt.date) -> str:
    if since is None or since.closed_at is None:
        return "since the start"
    closed_on = engagement.today(since.closed_at)
    return f"since the review of {write_day(closed_on, today=today, weekday=False)}"


def _describe_counts(states: States) -> str:
    objectives = len({state.key_result.objective_id for state in states})
    first = f"{objectives} objective{'' if objectives == 1 else 's'}"
    return f"{first}, {len(states)} key result{'' if len(states) == 1 else 's'}"


def _count(states: States) -> Counts:
    forecasts = Counter(state.forecast for state in states)
    return {
        "on_pace": forecasts[Forecast.ON_PACE],
        "behind": forecasts[Forecast.BEHIND],
        "no_recent_update": forecasts[Forecast.NO_RECENT_UPDATE],
        "not_measured": forecasts[Forecast.NOT_MEASURED],
        "red": sum(state.is_red for state in states),
        "late": sum(state.late_since is not None for state in states),
    }


def _describe_bands(engagement: Engagement) -> list[str]:
    """Return the range of each band: "up to 0.30", "0.31 to 0.60", "from 0.91"."""
    scale, bands = engagement.score_scale, engagement.rag_bands
    low, high = (
        {band: format_score(band_range(band, bands)[bound], scale=scale) for band in BANDS}
        for bound in (0, 1)
    )
    return [
        f"up to {high[Rag.RED]}",
        f"{low[Rag.AMBER]} to {high[Rag.AMBER]}",
        f"{low[Rag.GREEN]} to {high[Rag.GREEN]}",
        f"from {low[Rag.STRETCH]}",
    ]
