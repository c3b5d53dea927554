"""Forms of an escalation: huddle, recovery plan, decision of the sponsor."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone

from checkins.templatetags.weeks import when
from engagements.edit_forms import NOTHING, Difference, EditForm, difference, written
from engagements.form_fields import DayField, MemberField, SegmentInput
from engagements.models import Engagement
from escalations.models import Escalation, Outcome, Verdict
from okrs.formatting import write_day

LONGEST = 4000


class EscalationForm(EditForm):
    """A form on an escalation; a page can show several."""

    row: Escalation

    def __init__(self, data: Any = None, *, engagement: Engagement, row: Escalation) -> None:
        super().__init__(data, engagement=engagement, row=row)
        self.auto_id = f"e-{row.public_id}-%s"
        self.use_required_attribute = False

    def compare(self) -> list[Difference]:
        """Return the fields whose input differs from what is saved; none if nothing is saved yet."""
        saved = self.over(self.row)
        if not any(saved[field.name].value() for field in self.visible_fields()):
            return []
        texts = ((field, text_of(saved[field.name])) for field in self.visible_fields())
        return [
            difference(label=str(field.label), theirs=theirs, yours=text_of(field))
            for field, theirs in texts
            if theirs != text_of(field)
        ]

    def typed(self) -> list[tuple[str, str]]:
        """Return the input by label."""
        texts = [(str(field.label), text_of(field)) for field in self.visible_fields()]
        return [(label, text) for label, text in texts if text != NOTHING]


class ActivateForm(EscalationForm):
    """The button that activates a watched one by hand (M7.2)."""

    version = None  # type: ignore[assignment]


class HuddleForm(EscalationForm):
    """When the huddle is, on the reader's clock (M7.3)."""

    at = forms.DateTimeField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": "Enter the day and time of the huddle.",
            "invalid": "Enter day and time, for example 2026-03-31T14:00.",
        },
    )

    def __init__(self, data: Any = None, **known: Any) -> None:
        super().__init__(data, **known)
        self.fields["at"].help_text = (
            f"Due by {when(self.row.huddle_due_at)}. You can pick a later time, up to two weeks."
            f" Times in {timezone.get_current_timezone()}."
        )

    @classmethod
    def shown(cls, row: Any) -> dict[str, Any]:
        return {"at": row.huddle_at, "version": row.version}


class OutcomeForm(EscalationForm):
    """The outcome of the huddle: a recovery plan with its checkpoint (M7.3)."""

    outcome = forms.ChoiceField(
        label="What will you do?",
        choices=Outcome.choices,
        widget=SegmentInput,
        error_messages={"required": "Choose one: change the bet, or ask for help."},
    )
    plan = forms.CharField(
        label="Recovery plan: what will you do differently?",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe what you will do differently."},
    )
    plan_owner = MemberField(
        label="Plan owner",
        empty_label="Choose one person",
        error_messages={"required": "Choose one person to carry out the plan."},
    )
    checkpoint_on = DayField(
        label="Checkpoint",
        help_text="Within four weeks. If it is still red after that day, it goes to the sponsor.",
        error_messages={
            "required": "Enter the day of the checkpoint.",
            "invalid": "Enter a day, for example 2026-03-31.",
        },
    )


class VerdictForm(EscalationForm):
    """The sponsor's decision; a lead records it on their behalf, with name and evidence (M9.5)."""

    verdict = forms.ChoiceField(
        label="Decision",
        choices=Verdict.choices,
        widget=SegmentInput,
        error_messages={"required": "Choose a decision."},
    )
    note = forms.CharField(
        label="What happens next?",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe what happens next."},
    )
    word_of = forms.CharField(
        label="Sponsor who decided",
        max_length=120,
        required=False,  # the command asks for it
        help_text="You record the decision for them.",
    )
    evidence_url = forms.CharField(
        label="Evidence link",
        max_length=500,
        required=False,  # as above
        help_text="Where they decided it, such as an email or the minutes.",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        validators=[
            URLValidator(
                schemes=["http", "https"],
                message="Enter a full address, for example https://example.com/minutes.",
            )
        ],
    )

    def __init__(
        self, data: Any = None, *, on_behalf: bool = False, sponsor: str = "", **known: Any
    ) -> None:
        super().__init__(data, **known)
        self.on_behalf = on_behalf
        self.initial["word_of"] = self.initial["word_of"] or sponsor
        if not on_behalf:
            del self.fields["word_of"], self.fields["evidence_url"]

    @classmethod
    def shown(cls, row: Any) -> dict[str, Any]:
        return {**super().shown(row), "note": row.verdict_note}

    def over(self, row: Any, *, data: Any = None) -> Self:
        return type(self)(data, engagement=self.engagement, row=row, on_behalf=self.on_behalf)


def text_of(field: forms.BoundField) -> str:
    """Return the value of a field as text, days and moments as people write them."""
    text = written(field)
    if not isinstance(field.field, forms.DateField | forms.DateTimeField):
        return text
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    day = write_day(at.date(), today=timezone.localdate())
    return f"{day} {at:%H:%M}" if isinstance(field.field, forms.DateTimeField) else day
