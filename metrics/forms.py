from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from engagements.edit_forms import EditForm
from engagements.form_fields import DecimalTextField, MemberField
from metrics.models import GAP_FOR, Metric, Refresh

LEAVES_GAP = f"Open at commit, it leaves a data gap for {GAP_FOR.days} days."


class MetricForm(EditForm):
    """An entry of the metric dictionary, in the order in which its questions are asked (M4.4)."""

    groups: ClassVar = {
        "": ("name", "unit", "definition", "technical_definition", "owner", "steward"),
        "The four data questions": ("source", "source_url", "refresh", "access", "fetched_by"),
        "Values that can be right": ("valid_low", "valid_high"),
    }
    needed_at_commit = ("source", "refresh")  # by the audit of each key result that reads it
    mended_in: ClassVar = {"duplicate": "name", "range": "valid_high"}

    name = forms.CharField(
        max_length=120, label="Name", error_messages={"required": "Give it a name."}
    )
    definition = forms.CharField(
        required=False,
        max_length=5000,
        label="What it means",
        help_text="In words that the whole business shares.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    technical_definition = forms.CharField(
        required=False,
        max_length=5000,
        label="How it is worked out",
        help_text="The formula or the query. Two metrics never share one.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    unit = forms.CharField(
        required=False, max_length=40, label="Unit", help_text="days, percent, EUR, yes/no"
    )
    owner = MemberField(required=False, label="Owner", help_text="Answers for what it means.")
    steward = MemberField(required=False, label="Steward", help_text="Answers for the figures.")
    source = forms.CharField(
        required=False, max_length=120, label="Where from", help_text="The one source of truth."
    )
    source_url = forms.URLField(
        required=False, label="Link to the source", assume_scheme="https", max_length=200
    )
    refresh = forms.ChoiceField(
        choices=[("", "Not answered yet"), *Refresh.choices],
        required=False,
        label="How often refreshed",
    )
    access = forms.CharField(
        required=False, max_length=200, label="Who has access", help_text=LEAVES_GAP
    )
    fetched_by = forms.CharField(
        required=False, max_length=200, label="Who fetches it", help_text=LEAVES_GAP
    )
    valid_low = DecimalTextField(required=False, label="Lowest")
    valid_high = DecimalTextField(required=False, label="Highest")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        low, high = data.get("valid_low"), data.get("valid_high")
        if low is not None and high is not None and low >= high:
            self.add_error("valid_high", ValidationError("Write more than the lowest value."))
        return data

    def first(self) -> Metric | None:
        """The metric that has this name or formula already."""
        refusals = self.errors.as_data().get("name", [])
        firsts = [(refusal.params or {}).get("of") for refusal in refusals]
        return next((first for first in firsts if isinstance(first, Metric)), None)
