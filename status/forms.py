from __future__ import annotations

from typing import Any

from django import forms

from engagements.edit_forms import EditForm


def text_field(label: str, *, help_text: str = "") -> forms.CharField:
    """Return the field of a short text that clients read."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=12_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TextForm(forms.Form):
    """The texts that the lead adds to the figures; clients read all of it."""

    headline = forms.CharField(
        max_length=240,
        label="Headline",
        help_text="One sentence with the main finding.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a headline: one sentence with the finding."},
    )
    moved = text_field("What changed")
    red = text_field("What’s red, and what we’re doing about it")
    decided = text_field("What was decided")
    next_steps = text_field("What’s next")

    after = forms.IntegerField(
        widget=forms.HiddenInput, required=False
    )  # the last report when the form opened

    def sections(self) -> list[tuple[str, list[Any]]]:
        """Return one list of fields, for `components/edit_form.html`."""
        return [("", self.visible_fields())]


class DraftForm(EditForm):
    """The summary of a closed review; clients read all of it once published."""

    headline = TextForm.base_fields["headline"]
    moved = TextForm.base_fields["moved"]
    red = TextForm.base_fields["red"]
    decided = TextForm.base_fields["decided"]
    next_steps = TextForm.base_fields["next_steps"]
