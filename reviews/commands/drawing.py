"""Writing an agenda from data: adding, refreshing and deleting items. For use in commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from engagements.models import Engagement
from okrs.models import KeyResult
from reviews.agenda import SECTIONS, draw, fit, list_facts, merge
from reviews.commands.locks import items_of
from reviews.models import AgendaItem, Review, ReviewRecord, Section
from reviews.queries.agenda import agenda_facts, screen_of
from reviews.queries.recorded import outcomes
from reviews.reasons import AgendaFacts
from reviews.screens import current_why, key_result_screen

NO_LONGER_OVERDUE = "no longer overdue"


def draw_onto(review: Review, *, engagement: Engagement, now: dt.datetime) -> None:
    """Refresh the agenda of a locked review from the data (M8.1).

    Add new items in their place, refresh the others, and delete those without a cause unless
    someone changed or discussed them. Keep the order that people chose.
    """
    read_from = Engagement.objects.values_list("status_version", flat=True).get(pk=engagement.pk)
    facts = agenda_facts(review, engagement=engagement, now=now)
    items = items_of(review)
    by_hand = {item.key_result_id for item in items if item.key_result_id and not item.source}
    drawn = {new.source: new for new in draw(facts) if new.key_result_id not in by_hand}
    touched = _touched(review, items)
    left = [item for item in items if not item.source or item.source in drawn or item.pk in touched]
    gone = {item.pk for item in items} - {item.pk for item in left}
    AgendaItem.objects.filter(engagement_id=review.engagement_id, pk__in=gone).delete()
    _write(review, left=left, drawn=drawn, facts=facts)
    review.drawn_at, review.drawn_from = now, read_from
    review.save(update_fields=["drawn_at", "drawn_from"])


def refresh(item: AgendaItem, *, review: Review, engagement: Engagement, now: dt.datetime) -> None:
    if item.key_result is not None:
        item.facts = screen_of(item.key_result, review=review, engagement=engagement, now=now)
    elif item.source and item.section != Section.CLOSING:
        item.facts = _fresh_facts(item, draw(agenda_facts(review, engagement=engagement, now=now)))
    else:
        item.facts = _fresh_facts(item, [])
    item.save(update_fields=["facts"])


def refresh_all(review: Review, *, engagement: Engagement, now: dt.datetime) -> None:
    """Refresh the facts of every item and store which were discussed, when a review closes."""
    facts = agenda_facts(review, engagement=engagement, now=now)
    drawn = draw(facts)
    rows = AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review)
    items = list(rows.select_related("key_result", "objective"))
    _store_outcomes(items, review=review, engagement=engagement, now=now)
    for item in items:
        if item.key_result is None:
            item.facts = _fresh_facts(item, drawn)
        elif live := facts.live.get(item.key_result_id or 0):
            item.facts = key_result_screen(live, today=facts.today)
        else:
            item.facts = screen_of(item.key_result, review=review, engagement=engagement, now=now)
    AgendaItem.objects.bulk_update(items, ["facts", "why", "discussed_at"])


def _fresh_facts(item: AgendaItem, drawn: Sequence[AgendaItem]) -> dict[str, Any]:
    """Return current facts of an item without a key result."""
    if item.objective is not None:
        return _objective_facts(item)
    if not item.source or item.section == Section.CLOSING:
        return dict(item.facts)
    new = next((new for new in drawn if new.source == item.source), None)
    return _list_facts(new, before=item)


def _store_outcomes(
    items: Sequence[AgendaItem], *, review: Review, engagement: Engagement, now: dt.datetime
) -> None:
    """Store the state of escalations, and which items were discussed: the current one counts too."""
    ends = outcomes(review, items, engagement=engagement, now=now)
    discussed = {(review.current_item_id or 0): now, **ends.discussed}
    for item in items:
        escalation = ends.running.get(item.key_result_id or 0)
        item.why = current_why(item.why, escalation, engagement=engagement, now=now)
        item.discussed_at = item.discussed_at or discussed.get(item.pk)


def _objective_facts(item: AgendaItem) -> dict[str, Any]:
    """Return an objective with its key results in order. One query."""
    key_results = KeyResult.objects.filter(
        engagement_id=item.engagement_id, objective=item.objective, committed_at__isnull=False
    ).exclude(stage="withdrawn")
    return {
        "kind": "objective",
        "id": item.objective.public_id if item.objective else "",
        "rows": [
            {
                "title": row.title,
                "key_result": row.public_id,
                "rag": row.rag,
                "score": None if row.score is None else f"{row.score:.2f}",
                "meta": row.insight,
            }
            for row in key_results
        ],
    }


def _list_facts(new: AgendaItem | None, *, before: AgendaItem) -> dict[str, Any]:
    """Return the rows of a list, with a label for actions that are no longer overdue."""
    rows = list(new.facts["rows"]) if new else []
    earlier = before.facts.get("rows", [])
    if before.section == Section.ACTIONS:
        overdue = {row["action"] for row in rows}
        gone = (row for row in earlier if row["action"] not in overdue)
        rows += [{**row, "label": NO_LONGER_OVERDUE} for row in gone]
    elif new is None:
        rows = earlier
    return list_facts(rows)


def _write(
    review: Review,
    *,
    left: Sequence[AgendaItem],
    drawn: Mapping[str, AgendaItem],
    facts: AgendaFacts,
) -> None:
    sources, order = list(drawn), SECTIONS[review.kind]
    existing = {item.source for item in left}
    fresh = [new for source, new in drawn.items() if source not in existing]
    for item in [*left, *fresh]:
        if not (new := drawn.get(item.source)):
            continue
        item.section, item.title, item.why = new.section, new.title, new.why
        if new.key_result_id:
            item.key_result, item.objective = new.key_result, new.objective
            item.facts = key_result_screen(facts.live[new.key_result_id], today=facts.today)
        elif item.section != Section.CLOSING:
            item.facts = _list_facts(new, before=item)

    def rank(item: AgendaItem) -> tuple[int, int]:
        section = item.section if item.section in order else Section.ADDED
        among = sources.index(item.source) if item.source in drawn else len(sources)
        return order.index(Section(section)), among

    _fit(review, [*left, *fresh], drawn=drawn)
    for position, item in enumerate(merge(left, fresh, rank=rank), start=1):
        item.position = position
    for item in fresh:
        item.engagement_id, item.review = review.engagement_id, review
    AgendaItem.objects.bulk_create(fresh)
    AgendaItem.objects.bulk_update(
        left, ["section", "title", "why", "minutes", "facts", "position"]
    )


def _fit(review: Review, items: Sequence[AgendaItem], *, drawn: Mapping[str, AgendaItem]) -> None:
    """Fit the minutes of items from data into the time that items added by people leave."""
    flexible = [item for item in items if item.source in drawn and item.discussed_at is None]
    fixed = sum(item.minutes for item in items if item not in flexible)
    wanted = [drawn[item.source].minutes for item in flexible]
    fitted = fit(wanted, into=max(0, review.minutes - fixed))
    for item, minutes in zip(flexible, fitted, strict=True):
        item.minutes = minutes


def _touched(review: Review, items: Sequence[AgendaItem]) -> set[int]:
    """Return the items that are current, or that people discussed, changed or recorded for."""
    records = ReviewRecord.objects.filter(engagement_id=review.engagement_id, review=review)
    recorded_for = {*records.values_list("agenda_item_id", flat=True), review.current_item_id}
    return {
        item.pk
        for item in items
        if item.pk in recorded_for
        or item.discussed_at is not None
        or item.parked_at is not None
        or item.moved_at is not None
        or item.still_right is not None
    }
