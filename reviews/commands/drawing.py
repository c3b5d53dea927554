"""Writing an agenda from data: adding, refreshing and deleting items. For use in commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from engagements.models import Engagement
from okrs.models import KeyResult
from reviews.agenda import SECTIONS, Drawn, Place, draw, fit, merge
from reviews.agenda.draw import LONGEST_WHY
from reviews.agenda.escalations import escalation_facts, why_now
from reviews.models import AgendaItem, Review, ReviewRecord, Section
from reviews.queries.agenda import Gathered, gather
from reviews.queries.escalated import acts_during, of_items, running_of
from reviews.queries.item_context import screen_of
from reviews.queries.recorded import captured, taken_up

LISTS = "list"
DEALT_WITH = "no longer overdue"


def draw_onto(review: Review, *, engagement: Engagement, now: dt.datetime) -> None:
    """Refresh the agenda of a locked review from the data (M8.1).

    Add new items in their place, refresh the others, and delete those without a cause unless
    someone changed or discussed them. Keep the order that people chose.
    """
    read_from = Engagement.objects.values_list("status_version", flat=True).get(pk=engagement.pk)
    gathered = gather(review, engagement=engagement, now=now)
    items = items_of(review)
    added = {one.key_result_id for one in items if one.key_result_id and not one.source}
    drawn = {
        one.source: one
        for one in draw(gathered.facts)
        if not one.key_result or gathered.rows[one.key_result].pk not in added
    }
    touched = _touched(review, items)
    gone = [
        one for one in items if one.source and one.source not in drawn and one.pk not in touched
    ]
    AgendaItem.objects.filter(
        engagement_id=review.engagement_id, pk__in=[one.pk for one in gone]
    ).delete()
    kept = [one for one in items if one not in gone]
    _write(review, kept=kept, drawn=drawn, gathered=gathered)
    review.drawn_at, review.drawn_from = now, read_from
    review.save(update_fields=["drawn_at", "drawn_from"])


def items_of(review: Review) -> list[AgendaItem]:
    """List all items in order, including parked ones."""
    return list(
        AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review).order_by(
            "position", "id"
        )
    )


def refresh(item: AgendaItem, *, review: Review, engagement: Engagement, now: dt.datetime) -> None:
    """Refresh the facts of one item."""
    if item.key_result is not None:
        item.facts = screen_of(item.key_result, review=review, engagement=engagement, now=now)
    elif item.objective is not None:
        item.facts = objective_facts(item)
    elif item.source and item.section != Section.CLOSING:
        gathered = gather(review, engagement=engagement, now=now)
        found = {one.source: one for one in draw(gathered.facts)}.get(item.source)
        item.facts = list_facts(found, before=item)
    item.save(update_fields=["facts"])


def refresh_all(
    review: Review, *, gathered: Gathered, engagement: Engagement, now: dt.datetime
) -> None:
    """Refresh the facts of every item, when a review closes."""
    drawn = {one.source: one for one in draw(gathered.facts)}
    by_pk = {row.pk: gathered.screens[public_id] for public_id, row in gathered.rows.items()}
    items = AgendaItem.objects.filter(engagement_id=review.engagement_id, review=review)
    rows = list(items.select_related("key_result", "objective"))
    _keep_answers(rows, review=review, engagement=engagement, now=now)
    for item in rows:
        if item.key_result is not None:
            fresh = by_pk.get(item.key_result.pk)
            item.facts = fresh or screen_of(
                item.key_result, review=review, engagement=engagement, now=now
            )
        elif item.objective is not None:
            item.facts = objective_facts(item)
        elif item.source and item.section != Section.CLOSING:
            item.facts = list_facts(drawn.get(item.source), before=item)
    AgendaItem.objects.bulk_update(rows, ["facts", "why", "discussed_at"])


def _keep_answers(
    items: Sequence[AgendaItem], *, review: Review, engagement: Engagement, now: dt.datetime
) -> None:
    """Store the state of escalations, and which items were discussed. Three queries.

    The current item counts as discussed, and so do items with a decision or an action.
    """
    about = {one.key_result_id for one in items if one.key_result_id}
    found = of_items(engagement, key_results=about)
    stand = running_of(found)
    acts = acts_during(found, since=review.started_at, until=now)
    taken = taken_up(items, found=captured(review, engagement=engagement, acts=acts))
    taken.setdefault(review.current_item_id or 0, now)
    for item in items:
        facts = escalation_facts(stand.get(item.key_result_id or 0), engagement=engagement, now=now)
        if facts is not None:
            item.why = why_now(item.why, facts, today=engagement.today(now))[:LONGEST_WHY]
        item.discussed_at = item.discussed_at or taken.get(item.pk)


def objective_facts(item: AgendaItem) -> dict[str, Any]:
    """Return an objective with its key results in order. One query."""
    found = KeyResult.objects.filter(
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
            for row in found
        ],
    }


def list_facts(found: Drawn | None, *, before: AgendaItem | None = None) -> dict[str, Any]:
    """Return the rows of a list, with a label for actions that are no longer overdue."""
    rows = [dict(row) for row in found.rows] if found else []
    if before is not None and before.section == Section.ACTIONS:
        there = {row["action"] for row in rows}
        rows += [
            {**row, "label": DEALT_WITH}
            for row in before.facts.get("rows", [])
            if row["action"] not in there
        ]
    elif found is None and before is not None:
        rows = before.facts.get("rows", [])
    return {"kind": LISTS, "rows": rows}


def _write(
    review: Review,
    *,
    kept: Sequence[AgendaItem],
    drawn: Mapping[str, Drawn],
    gathered: Gathered,
) -> None:
    there = {one.source for one in kept}
    fresh = [
        AgendaItem(engagement_id=review.engagement_id, review=review, source=source)
        for source in drawn
        if source not in there
    ]
    for item in (*kept, *fresh):
        if item.source in drawn:
            _fill(item, drawn[item.source], gathered=gathered)
    _fit(review, [*kept, *fresh], drawn=drawn)
    order = merge(
        [_place(one, drawn=drawn, kind=review.kind) for one in kept],
        [_place(one, drawn=drawn, kind=review.kind) for one in fresh],
    )
    for item in (*kept, *fresh):
        item.position = order.index(item.public_id) + 1
    AgendaItem.objects.bulk_create(fresh)
    AgendaItem.objects.bulk_update(
        kept, ["section", "title", "why", "minutes", "facts", "position"]
    )


def _fill(item: AgendaItem, found: Drawn, *, gathered: Gathered) -> None:
    item.section, item.title, item.why = found.section, found.title, found.why
    if found.key_result:
        row = gathered.rows[found.key_result]
        item.key_result, item.objective = row, row.objective
        item.facts = dict(gathered.screens[found.key_result])
    else:
        item.facts = list_facts(found, before=item if item.pk else None)


def _fit(review: Review, items: Sequence[AgendaItem], *, drawn: Mapping[str, Drawn]) -> None:
    """Fit the minutes of items from data into the time that items added by people leave."""
    asked = [one for one in items if one.source in drawn and one.discussed_at is None]
    given = sum(one.minutes for one in items if one not in asked)
    wanted = [drawn[one.source].minutes for one in asked]
    for item, minutes in zip(asked, fit(wanted, into=max(0, review.minutes - given)), strict=True):
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
    here = {"engagement_id": review.engagement_id, "review": review}
    captured = {
        *ReviewRecord.objects.filter(**here).values_list("agenda_item_id", flat=True),
        review.current_item_id,
    }
    return {
        one.pk
        for one in items
        if one.pk in captured
        or one.discussed_at is not None
        or one.parked_at is not None
        or one.moved_at is not None
        or one.still_right is not None
    }
