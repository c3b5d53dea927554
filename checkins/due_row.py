"""The row of a closed card on My week, cached for all members of its client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.safestring import SafeString

from checkins.queries.cards import DueCard, WeekCard
from engagements.row_cache import Row, render_row, render_rows
from okrs.models import KeyResult

TEMPLATE = "checkins/_due_row.html"
SHOWN = (
    *("id", "engagement_id", "public_id", "title", "latest_value", "measured_on", "score", "rag"),
    *("evidence_url", "red_since", "last_week", "metric__unit", "objective__title"),
    "objective__cycle__ends_on",
)


def due_rows(cards: Sequence[WeekCard], *, now: dt.datetime) -> list[tuple[WeekCard, SafeString]]:
    """Return each card with its row. One query if any row is missing in the cache."""
    by_row = {_row(card): card for card in cards}

    def contexts(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
        missing = [by_row[row] for row in rows]
        key_results = _key_results(missing)
        for card in missing:
            yield {"card": card, "key_result": key_results[card.key_result_id]}

    html = render_rows(TEMPLATE, list(by_row), contexts=contexts, now=now)
    return list(zip(cards, html, strict=True))


def due_row(card: DueCard) -> SafeString:
    """Render the row of one card as it is after a write of this request."""
    context = {"card": card, "key_result": card.key_result}
    return render_row(TEMPLATE, card.engagement, context)


def _row(card: WeekCard) -> Row:
    state = f"{card.state}{card.is_late:d}{card.is_done:d}"
    return Row(card.engagement, card.public_id, state)


def _key_results(cards: Sequence[WeekCard]) -> dict[int, KeyResult]:
    found = KeyResult.objects.filter(
        engagement_id__in={card.membership.engagement_id for card in cards},
        pk__in=[card.key_result_id for card in cards],
    )
    return found.select_related("objective__cycle", "metric").only(*SHOWN).in_bulk()
