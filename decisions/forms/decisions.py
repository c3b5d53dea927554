from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from decisions.models import ResultingChange
from engagements.form_fields import DayField, MemberField, choose_among, who_can_own
from engagements.models import Engagement, Membership

LONGEST = 4000


def key_field() -> forms.UUIDField:
    """What tells a form that comes twice from two forms; each form that opens has its own."""
    return forms.UUIDField(
        initial=uuid4,
        widget=forms.HiddenInput,
        error_messages={"required": "Reload the page.", "invalid": "Reload the page."},
    )


def keyed(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The key by the name that commands call it."""
    if "key" in cleaned:
        cleaned["idempotency_key"] = cleaned.pop("key")
    return cleaned


class DecisionForm(forms.Form):
    """What is decided, in the words that `record_decision` takes (M8.2).

    Give a `prefix` where several stand on one page.
    """

    text = forms.CharField(
        label="What is decided?",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what is decided."},
    )
    owner = MemberField(label="Owner", empty_label="Choose one person")
    due_on = DayField(label="Due")
    change = forms.ChoiceField(
        label="What it changes",
        choices=[("", "Choose"), *ResultingChange.choices],
        error_messages={"required": "Choose what it changes."},
    )
    evidence_url = forms.CharField(
        label="Evidence link",
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    client_visible = forms.BooleanField(label="Client may see it, once published", required=False)
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
    """The same in the words that `supersede_decision` takes: a decision is superseded once."""

    key = None  # type: ignore[assignment]
