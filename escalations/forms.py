"""Forms of an escalation: huddle, recovery plan, decision of the sponsor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from checkins.templatetags.weeks import closing
from engagements.edit_forms import NOTHING, Difference, EditForm, written
from engagements.form_fields import (
    DayField,
    LinkField,
    MemberField,
    MomentField,
    SegmentInput,
    TextField,
)
from engagements.places import zone_time
from escalations.models import Escalation, Outcome, Verdict

LONGEST = 4000


class EscalationForm(EditForm):
    """A form on an escalation; a page can show several."""

    row: Escalation
    use_required_attribute = False

    def __init__(self, data: Any = None, *, row: Escalation, **known: Any) -> None:
        super().__init__(data, row=row, **known)
        self.auto_id = f"e-{row.public_id}-%s"

    def compare(self) -> list[Difference]:
        """Return the fields whose input differs from what is saved; none if nothing is saved yet."""
        saved = self.over(self.row)
        is_saved = any(saved[field.name].value() for field in self.visible_fields())
        return super().compare() if is_saved else []

    def typed(self) -> list[tuple[str, str]]:
        """Return the input by label."""
        texts = [(str(field.label), written(field)) for field in self.visible_fields()]
        return [(label, text) for label, text in texts if text != NOTHING]


class ActivateForm(EscalationForm):
    """The button that activates a watched one by hand (M7.2)."""

    version = None  # type: ignore[assignment]


class HuddleForm(EscalationForm):
    """When the huddle is (M7.3)."""

    at = MomentField(label="When")

    def __init__(self, data: Any = None, **known: Any) -> None:
        super().__init__(data, **known)
        due, zone = closing(self.row.huddle_due_at), zone_time(timezone.get_current_timezone_name())
        text = f"Due by {due}, {zone}. You can pick a later time, up to two weeks."
        self.fields["at"].help_text = text

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
    plan = TextField(
        label="Recovery plan: what will you do differently?",
        help_text="Clients read the plan and its checkpoint on the status page.",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe what you will do differently."},
    )
    plan_owner = MemberField(label="Plan owner", empty_label="Choose one person")
    checkpoint_on = DayField(
        label="Checkpoint",
        help_text="Within four weeks. If it is still red after that day, it goes to the sponsor.",
    )


class VerdictForm(EscalationForm):
    verdict = forms.ChoiceField(
        label="Decision",
        choices=Verdict.choices,
        widget=SegmentInput,
        error_messages={"required": "Choose a decision."},
    )
    note = TextField(
        label="What happens next?",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe what happens next."},
    )

    @classmethod
    def shown(cls, row: Any) -> dict[str, Any]:
        return {**super().shown(row), "note": row.verdict_note}


class VerdictOnBehalfForm(VerdictForm):
    """The decision as a lead records it for the sponsor; the command asks for both fields (M9.5)."""

    word_of = TextField(
        label="Sponsor who decided",
        max_length=120,
        required=False,
        help_text="You record the decision for them.",
    )
    evidence_url = LinkField(
        label="Evidence link",
        help_text="Where they decided it, such as an email or the minutes.",
    )
