from __future__ import annotations

from typing import Any

from django import forms

from engagements.form_fields import DayField, MemberField, choose_among, who_can_own
from engagements.models import Engagement, Membership
from reviews.models import ResultingChange

LONGEST = 4000


class DecisionForm(forms.Form):
    """What is decided, in the words that `record_decision` and `supersede_decision` take (M8.2).

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
