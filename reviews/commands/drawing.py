"""Writing an agenda from data: adding, refreshing and deleting items. For use in commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from engagements.models import Engagement
from okrs.models import KeyResult
from reviews.agenda import LONGEST_WHY, SECTIONS, Drawn, Place, draw, fit, merge
from reviews.commands.locks import items_of
from reviews.models import AgendaItem, Review, ReviewRecord, Section
from reviews.queries.agenda import agenda_facts, screen_of
from reviews.queries.recorded import (
    acts_during,
    escalations_of,
    first_records,
    recorded,
    running_among,
)
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
    drawn = {
        new.source: new
        for new in draw(facts)
        if new.about is None or new.about.key_result.pk not in by_hand
    }
    touched = _touched(review, items)
    left = [item for item in items if not item.source or item.source in drawn or item.pk in touched]
    gone = {item.pk for item in items} - {item.pk for item in left}
    AgendaItem.objects.filter(engagement_id=review.engagement_id, pk__in=gone).delete()
    _write(review, left=left, drawn=drawn, today=facts.today)
    review.drawn_at, review.drawn_from = now, read_from
    review.save(update_fields=["drawn_at", "drawn_from"])


def refresh(item: AgendaItem, *, review: Review, engagement: Engagement, now: dt.datetime) -> None:
    """Refresh the facts of one item."""
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
    live = {row.key_result.pk: row for row in facts.key_results}
    drawn = draw(facts)
    rows = AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review)
    items = list(rows.select_related("key_result", "objective"))
    _store_outcomes(items, review=review, engagement=engagement, now=now)
    for item in items:
        if item.key_result is None:
            item.facts = _fresh_facts(item, drawn)
        elif item.key_result_id in live:
            item.facts = key_result_screen(live[item.key_result_id], today=facts.today)
        else:
            item.facts = screen_of(item.key_result, review=review, engagement=engagement, now=now)
    AgendaItem.objects.bulk_update(items, ["facts", "why", "discussed_at"])


def _fresh_facts(item: AgendaItem, drawn: Sequence[Drawn]) -> dict[str, Any]:
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
    """Store the state of escalations, and which items were discussed. Three queries.

    The current item counts as discussed, and so do items with a decision or an action.
    """
    escalations = escalations_of(
        engagement, key_results={item.key_result_id for item in items if item.key_result_id}
    )
    running = running_among(escalations)
    acts = acts_during(escalations, since=review.started_at, until=now)
    discussed = first_records(items, records=recorded(review, acts=acts))
    discussed.setdefault(review.current_item_id or 0, now)
    for item in items:
        escalation = running.get(item.key_result_id or 0)
        why = current_why(item.why, escalation, engagement=engagement, now=now)
        item.why = why[:LONGEST_WHY]
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


def _list_facts(new: Drawn | None, *, before: AgendaItem | None = None) -> dict[str, Any]:
    """Return the rows of a list, with a label for actions that are no longer overdue."""
    rows = [dict(row) for row in new.rows] if new else []
    if before is not None and before.section == Section.ACTIONS:
        overdue = {row["action"] for row in rows}
        rows += [
            {**row, "label": NO_LONGER_OVERDUE}
            for row in before.facts.get("rows", [])
            if row["action"] not in overdue
        ]
    elif new is None and before is not None:
        rows = before.facts.get("rows", [])
    return {"kind": "list", "rows": rows}


def _write(
    review: Review, *, left: Sequence[AgendaItem], drawn: Mapping[str, Drawn], today: dt.date
) -> None:
    sources = {item.source for item in left}
    fresh = [
        AgendaItem(engagement_id=review.engagement_id, review=review, source=source)
        for source in drawn
        if source not in sources
    ]
    items = [*left, *fresh]
    for item in items:
        if new := drawn.get(item.source):
            item.section, item.title, item.why = new.section, new.title, new.why
            if new.about is not None:
                item.key_result = new.about.key_result
                item.objective = item.key_result.objective
                item.facts = key_result_screen(new.about, today=today)
            else:
                item.facts = _list_facts(new, before=item if item.pk else None)
    _fit(review, items, drawn=drawn)
    order = merge(
        [_place(item, drawn=drawn, kind=review.kind) for item in left],
        [_place(item, drawn=drawn, kind=review.kind) for item in fresh],
    )
    for item in items:
        item.position = order.index(item.public_id) + 1
    AgendaItem.objects.bulk_create(fresh)
    AgendaItem.objects.bulk_update(
        left, ["section", "title", "why", "minutes", "facts", "position"]
    )


def _fit(review: Review, items: Sequence[AgendaItem], *, drawn: Mapping[str, Drawn]) -> None:
    """Fit the minutes of items from data into the time that items added by people leave."""
    flexible = [item for item in items if item.source in drawn and item.discussed_at is None]
    fixed = sum(item.minutes for item in items if item not in flexible)
    wanted = [drawn[item.source].minutes for item in flexible]
    fitted = fit(wanted, into=max(0, review.minutes - fixed))
    for item, minutes in zip(flexible, fitted, strict=True):
        item.minutes = minutes


def _place(item: AgendaItem, *, drawn: Mapping[str, Drawn], kind: str) -> Place:
    sections, sources = SECTIONS[kind], list(drawn)
    section = Section(item.section)
    among = sections.index(section) if section in sections else sections.index(Section.ADDED)
    return Place(
        name=item.public_id,
        rank=(among, sources.index(item.source) if item.source in drawn else len(sources)),
        is_moved=item.moved_at is not None or item.discussed_at is not None,
    )


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
