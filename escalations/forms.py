"""Forms of an escalation: huddle, recovery plan, decision of the sponsor."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django import forms
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone

from checkins.templatetags.weeks import when
from engagements.edit_forms import NOTHING, Difference, EditForm, difference, written
from engagements.form_fields import DayField, MemberField, SegmentInput
from engagements.models import Engagement
from escalations.models import Escalation, Outcome, Verdict
from okrs.formatting import write_day

LONGEST = 4000
DASH = "–"


class EscalationForm(EditForm):
    """A form on an escalation; a page can show several."""

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        row: models.Model | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, engagement=engagement, row=row, initial=initial)
        assert isinstance(row, Escalation)  # noqa: S101 - for the type checker
        self.auto_id = f"e-{row.public_id}-%s"
        self.use_required_attribute = False

    @property
    def is_empty(self) -> bool:
        """Return whether nothing of it is saved yet."""
        saved = self.over(self.row)
        return not any(saved[field.name].value() for field in saved.visible_fields())

    def compare(self) -> list[Difference]:
        """Return both versions of each field that differs; a dash for no value."""
        saved = self.over(self.row)
        pairs = [
            (str(field.label), _shown(saved[field.name]), _shown(field))
            for field in self.visible_fields()
        ]
        return [
            difference(label=label, theirs=theirs, yours=yours)
            for label, theirs, yours in pairs
            if theirs != yours
        ]

    def typed(self) -> list[tuple[str, str]]:
        """Return the input by label."""
        shown = [(str(field.label), _shown(field)) for field in self.visible_fields()]
        return [(label, words) for label, words in shown if words != DASH]


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
        due_at = self.row.huddle_due_at if isinstance(self.row, Escalation) else None
        by = (
            f"Due by {when(due_at)}. You can pick a later time, up to two weeks. " if due_at else ""
        )
        self.fields["at"].help_text = f"{by}Times in {timezone.get_current_timezone()}."

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        assert isinstance(row, Escalation)  # noqa: S101 - for the type checker
        return {"at": row.huddle_at, "version": row.version}

    def compare(self) -> list[Difference]:
        """Write both moments as people do, not as the field does."""
        typed = self.cleaned_data.get("at") if self.is_valid() else None
        saved = self.shown(self.row)["at"] if self.row else None
        theirs, yours = (_moment(at) for at in (saved, typed))
        label = str(self["at"].label)
        return [difference(label=label, theirs=theirs, yours=yours)] if theirs != yours else []


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
        self.initial["word_of"] = sponsor
        self.on_behalf = on_behalf
        if not on_behalf:
            del self.fields["word_of"], self.fields["evidence_url"]

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        assert isinstance(row, Escalation)  # noqa: S101 - for the type checker
        return {**super().shown(row), "note": row.verdict_note}

    def over(self, row: models.Model | None, *, data: Any = None) -> Self:
        return type(self)(data, engagement=self.engagement, row=row, on_behalf=self.on_behalf)


def _shown(field: forms.BoundField) -> str:
    words = written(field)
    if words == NOTHING:
        return DASH
    try:
        on = dt.date.fromisoformat(words)
    except ValueError:
        return words
    return write_day(on, today=timezone.localdate())


def _moment(at: dt.datetime | None) -> str:
    if at is None:
        return DASH
    local = timezone.localtime(at)
    return f"{write_day(local.date(), today=timezone.localdate())} {local:%H:%M}"
