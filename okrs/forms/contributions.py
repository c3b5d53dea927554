from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from engagements.form_fields import RowField, choose_among
from okrs.models import KeyResult, Objective, Stage


class ContributionForm(forms.Form):
    """A link from a key result of this objective to one of another objective (M2.2)."""

    source = RowField(empty_label=None, label="Key result")
    target = RowField(
        label="Contributes to",
        empty_label="Choose a key result",
        error_messages={"required": "Choose a key result."},
        label_of=lambda key_result: f"{key_result}, of “{key_result.objective}”",
    )
    how = forms.CharField(required=False, max_length=240, label="How")

    def __init__(self, data: Any = None, *, objective: Objective) -> None:
        super().__init__(data, auto_id="id_contribution_%s")
        own = KeyResult.objects.filter(engagement_id=objective.engagement_id, objective=objective)
        choose_among(self, source=own, target=_within_reach(objective))


def _within_reach(objective: Objective) -> QuerySet[KeyResult]:
    """Return the key results of other objectives whose cycles overlap with this one's."""
    cycle = objective.cycle
    return (
        KeyResult.objects.filter(
            engagement_id=objective.engagement_id,
            objective__cycle__starts_on__lte=cycle.ends_on,
            objective__cycle__ends_on__gte=cycle.starts_on,
        )
        .exclude(objective=objective)
        .exclude(stage=Stage.WITHDRAWN)
        .select_related("objective")
    )
