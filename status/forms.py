from __future__ import annotations

from django import forms

from engagements.edit_forms import EditForm, GroupedForm
from engagements.form_fields import TextField


def text_field(label: str) -> forms.CharField:
    """Return the field of a short text that clients read."""
    widget = forms.Textarea(attrs={"rows": 3})
    return TextField(label=label, required=False, max_length=12_000, widget=widget)


class WordsForm(GroupedForm):
    """The texts that the lead adds to the figures; clients read all of it."""

    headline = TextField(
        max_length=240,
        label="Headline",
        help_text="One sentence with the main finding.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a headline: one sentence with the finding."},
    )

    moved = text_field("What changed")
    red = text_field("What’s behind or red, and what we’re doing about it")
    decided = text_field("What was decided")
    next_steps = text_field("What’s next")


class ReportForm(WordsForm):
    """The texts of a report without a review."""

    # The number of the last report as the form opened: another may be published meanwhile.
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DraftForm(WordsForm, EditForm):
    """The summary of a closed review."""
