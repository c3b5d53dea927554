"""A metric that is not in the dictionary yet, named where its key result is written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from metrics.models import Refresh

NAMES = ("metric_name", "metric_unit", "metric_source", "metric_refresh")
ASKED = ("metric_source", "metric_refresh")  # by the audit of the key result, at commit


class NewMetricForm(forms.Form):
    """The first answers about it; the rest is asked in the dictionary (M4.4)."""

    metric_name = forms.CharField(
        required=False,
        max_length=120,
        label="Or a new metric",
        help_text="Its name; it goes into the dictionary.",
    )
    metric_unit = forms.CharField(
        required=False, max_length=40, label="Its unit", help_text="days, percent, EUR, yes/no"
    )
    metric_source = forms.CharField(
        required=False,
        max_length=120,
        label="Where from",
        help_text="A new metric’s one source of truth.",
    )
    metric_refresh = forms.ChoiceField(
        choices=[("", "Not answered yet"), *Refresh.choices],
        required=False,
        label="How often refreshed",
        help_text="Asked of a new metric only.",
    )

    def clean(self) -> dict[str, Any]:
        """`new_metric` holds what was said of it, empty where nothing was."""
        data = super().clean() or self.cleaned_data
        said = {name.removeprefix("metric_"): data.pop(name, "") for name in NAMES}
        if said["name"] and data.get("metric"):
            refusal = "Choose a metric above, or name a new one here: not both."
            self.add_error("metric_name", ValidationError(refusal))
        elif not said["name"] and any(said.values()) and "metric_name" not in self.errors:
            self.add_error("metric_name", ValidationError("Give the new metric a name."))
        data["new_metric"] = said if said["name"] else {}
        return data
