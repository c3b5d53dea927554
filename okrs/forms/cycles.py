from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from engagements.edit_forms import EditForm
from engagements.form_fields import DayField, MemberField, RowField, choose_among
from engagements.models import Engagement
from okrs.models import Cycle, CycleKind


class CycleForm(EditForm):
    mended_in: ClassVar = {"dates": "ends_on", "frozen": "starts_on"}

    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="For example 2026-Q2.",
        error_messages={"required": "Enter a name."},
    )
    kind = forms.ChoiceField(choices=CycleKind.choices, initial=CycleKind.QUARTERLY, label="Kind")
    starts_on = DayField(label="First day")
    ends_on = DayField(label="Last day")


class TeamForm(EditForm):
    name = forms.CharField(
        max_length=80, label="Name", error_messages={"required": "Enter a name."}
    )
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
