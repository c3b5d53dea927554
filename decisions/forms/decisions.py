from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from decisions.models import ResultingChange
from engagements.form_fields import DayField, MemberField, choose_among, who_can_own
from engagements.models import Engagement, Membership

LONGEST = 4000


def key_field() -> forms.UUIDField:
    """Return the field that identifies one opened form, so that it is saved only once."""
    return forms.UUIDField(
        initial=uuid4,
        widget=forms.HiddenInput,
        error_messages={"required": "Reload the page.", "invalid": "Reload the page."},
    )


def keyed(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Rename the key for the commands."""
    if "key" in cleaned:
        cleaned["idempotency_key"] = cleaned.pop("key")
    return cleaned


class DecisionForm(forms.Form):
    """The arguments of `record_decision` (M8.2)."""

    text = forms.CharField(
        label="Decision",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the decision."},
    )
    owner = MemberField(label="Owner", empty_label="Choose someone")
    due_on = DayField(label="Due")
    change = forms.ChoiceField(
        label="What changes",
        choices=[("", "Choose"), *ResultingChange.choices],
        error_messages={"required": "Choose what changes."},
    )
    evidence_url = forms.CharField(
        label="Evidence link",
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    client_visible = forms.BooleanField(label="Show to the client once published", required=False)
    key = key_field()

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        named: list[Membership] | None = None,
        initial: dict[str, Any] | None = None,
        prefix: str | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(
            data, initial=initial, prefix=prefix, auto_id=auto_id, use_required_attribute=False
        )
        choose_among(self, owner=who_can_own(engagement, named=named or []))

    def clean(self) -> dict[str, Any]:
        return keyed(super().clean() or {})


class SupersedeForm(DecisionForm):
    """The arguments of `supersede_decision`; it needs no key, as a decision is superseded once."""

    key = None  # type: ignore[assignment]
