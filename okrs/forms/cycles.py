from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from engagements.edit_forms import EditForm
from engagements.form_fields import DayField, MemberField, RowField, TextField, choose_among
from engagements.models import Engagement
from okrs.models import Cycle, CycleKind, KeyResult, Objective, Stage


class CycleForm(EditForm):
    error_fields: ClassVar = {"dates": "ends_on", "frozen": "starts_on", "overlap": "ends_on"}

    name = TextField(
        max_length=60,
        label="Name",
        help_text="For example 2026-Q2.",
        error_messages={"required": "Enter a name."},
    )
    kind = forms.ChoiceField(choices=CycleKind.choices, initial=CycleKind.QUARTERLY, label="Kind")
    starts_on = DayField(label="First day")
    ends_on = DayField(label="Last day")
    confirm_overlap = forms.BooleanField(label="Yes, these dates are correct", required=False)

    def visible_fields(self) -> list[forms.BoundField]:
        """Leave out the confirmation unless it is asked for."""
        asks = self.has_error("ends_on", "overlap") or bool(self["confirm_overlap"].value())
        fields = super().visible_fields()
        return [field for field in fields if asks or field.name != "confirm_overlap"]


class TeamForm(EditForm):
    name = TextField(max_length=80, label="Name", error_messages={"required": "Enter a name."})
    champion = MemberField(
        required=False, label="Champion", help_text="Commits the OKRs of this team."
    )


class BoardFilter(forms.Form):
    """The cycle that the board shows: by default the current one, empty for all."""

    cycle = RowField(required=False, empty_label="All cycles", label="Cycle")

    def __init__(self, data: Any, *, engagement: Engagement, current: Cycle | None) -> None:
        super().__init__(data if "cycle" in data else None, initial={"cycle": current})
        choose_among(self, cycle=Cycle.objects.filter(engagement=engagement))
        self.current = current

    def chosen(self) -> Cycle | None:
        """Return the chosen cycle; None if it is unknown or for all."""
        if not self.is_bound:
            return self.current
        return self.cleaned_data["cycle"] if self.is_valid() else None


class ContributionForm(forms.Form):
    """A link from a key result of this objective to one of another objective (M2.2)."""

    source = RowField(empty_label=None, label="Key result")
    target = RowField(
        label="Contributes to",
        empty_label="Choose a key result",
        error_messages={"required": "Choose a key result."},
        label_of=lambda key_result: f"{key_result}, of “{key_result.objective}”",
    )
    how = TextField(required=False, max_length=240, label="How")

    def __init__(self, data: Any = None, *, objective: Objective) -> None:
        super().__init__(data, auto_id="id_contribution_%s")
        own = KeyResult.objects.filter(engagement_id=objective.engagement_id, objective=objective)
        others = KeyResult.objects.filter(
            engagement_id=objective.engagement_id,
            objective__cycle__starts_on__lte=objective.cycle.ends_on,
            objective__cycle__ends_on__gte=objective.cycle.starts_on,
        ).exclude(objective=objective)
        target = others.exclude(stage=Stage.WITHDRAWN).select_related("objective")
        choose_among(self, source=own, target=target)
