from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.db import models

from engagements.edit_forms import EditForm
from engagements.form_fields import DayField
from engagements.models import ShareLink


class ShareLinkForm(forms.Form):
    """Who gets the link, and how long it works."""

    error_fields: ClassVar = {
        "label_missing": "label",
        "expiry_past": "expires_on",
        "expiry_far": "expires_on",
    }

    label = forms.CharField(max_length=120, label="Recipient")
    expires_on = forms.DateField(
        label="Works until",
        help_text="Until the end of that day in the client’s time zone, two years at most.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ShareLinkEditForm(EditForm):
    """Another name, or another last day; the address stays."""

    error_fields: ClassVar = ShareLinkForm.error_fields

    label = forms.CharField(max_length=120, label="Recipient")
    expires_on = DayField(
        label="Works until",
        help_text="Until the end of that day in the client’s time zone, two years at most.",
    )

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        assert isinstance(row, ShareLink)  # noqa: S101 - for the type checker
        last = row.engagement.today(row.expires_at - dt.timedelta(microseconds=1))
        return {**super().shown(row), "expires_on": last}
