from __future__ import annotations

from typing import ClassVar

from django import forms

from engagements.edit_forms import EditForm
from engagements.figure_fields import FigureField
from engagements.form_fields import LinkField, MemberField, TextField
from metrics.models import GAP_FOR, Metric, Refresh

LEAVES_GAP = f"If this is open at commit, key results get a data gap of {GAP_FOR.days} days."


class MetricForm(EditForm):
    groups: ClassVar = {
        "": ("name", "unit", "definition", "technical_definition", "owner", "steward"),
        "Data questions": ("source", "source_url", "refresh", "access", "fetched_by"),
        "Valid range": ("valid_low", "valid_high"),
    }
    needed_at_commit = ("source", "refresh")  # by the audit of each key result that reads it
    error_fields: ClassVar = {"duplicate": "name", "range": "valid_high"}

    name = TextField(
        max_length=120, label="Name", error_messages={"required": "Enter the name of the metric."}
    )
    definition = TextField(
        required=False,
        max_length=5000,
        label="Definition",
        help_text="In words that everyone in the business understands.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    technical_definition = TextField(
        required=False,
        max_length=5000,
        label="Formula",
        help_text="Or the query. Two metrics can’t have the same one.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    unit = TextField(required=False, max_length=40, label="Unit", help_text="days, %, EUR, yes/no")
    owner = MemberField(required=False, label="Owner", help_text="Responsible for the definition.")
    steward = MemberField(required=False, label="Steward", help_text="Responsible for the values.")
    source = TextField(
        required=False,
        max_length=120,
        label="Source",
        help_text="For example a system or a report.",
    )
    source_url = LinkField(label="Link to the source")
    refresh = forms.ChoiceField(
        choices=[("", "Not answered yet"), *Refresh.choices], required=False, label="Refresh"
    )
    access = TextField(required=False, max_length=200, label="Who has access", help_text=LEAVES_GAP)
    fetched_by = TextField(
        required=False, max_length=200, label="Who collects it", help_text=LEAVES_GAP
    )
    valid_low = FigureField(required=False, label="Lowest value")
    valid_high = FigureField(required=False, label="Highest value")

    def clean_unit(self) -> str:
        """Pass the unit on to the fields that are read in it."""
        unit: str = self.cleaned_data["unit"]
        for name in ("valid_low", "valid_high"):
            self.fields[name].unit = unit  # type: ignore[attr-defined]
        return unit

    def existing_metric(self) -> Metric | None:
        """Return the metric that already has this name or formula."""
        errors = self.errors.as_data().get("name", [])
        metrics = [(error.params or {}).get("of") for error in errors]
        return next((metric for metric in metrics if isinstance(metric, Metric)), None)
