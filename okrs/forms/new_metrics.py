"""Fields for a new metric in the form of its key result."""

from __future__ import annotations

from typing import Any

from django import forms

from metrics.models import Refresh

NAMES = ("metric_name", "metric_unit", "metric_source", "metric_refresh")
NEEDED = ("metric_source", "metric_refresh")  # at commit, by the audit


class NewMetricForm(forms.Form):
    """The first answers about a new metric; the dictionary asks the rest (M4.4)."""

    metric_name = forms.CharField(
        required=False,
        max_length=120,
        label="New metric",
        help_text="Its name. It is added to the dictionary.",
    )
    metric_unit = forms.CharField(
        required=False,
        max_length=40,
        label="Unit of the new metric",
        help_text="days, percent, EUR, yes/no",
    )
    metric_source = forms.CharField(
        required=False,
        max_length=120,
        label="Source of the new metric",
    )
    metric_refresh = forms.ChoiceField(
        choices=[("", "Not answered yet"), *Refresh.choices],
        required=False,
        label="Refresh of the new metric",
    )

    def clean(self) -> dict[str, Any]:
        """Gather the fields in `new_metric`, empty if there is none."""
        data = super().clean() or self.cleaned_data
        metric = {name.removeprefix("metric_"): data.pop(name, "") for name in NAMES}
        if metric["name"] and data.get("metric"):
            self.add_error("metric_name", "Choose an existing metric or add a new one, not both.")
        elif not metric["name"] and any(metric.values()) and "metric_name" not in self.errors:
            self.add_error("metric_name", "Enter a name for the new metric.")
        data["new_metric"] = metric if metric["name"] else {}
        return data
