from __future__ import annotations

from typing import Any

from django import forms

from decisions.forms.decisions import LONGEST, key_field, keyed
from engagements.form_fields import DayField, MemberField, choose_among, who_can_own
from engagements.models import Engagement


class ActionForm(forms.Form):
    """The arguments of `add_action` (M8.3)."""

    what = forms.CharField(
        label="Action",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe the action."},
    )
    owner = MemberField(label="Owner", empty_label="Choose someone")
    due_on = DayField(label="Due")
    key = key_field()

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        initial: dict[str, Any] | None = None,
        prefix: str | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(
            data, initial=initial, prefix=prefix, auto_id=auto_id, use_required_attribute=False
        )
        choose_among(self, owner=who_can_own(engagement, named=[]))

    def clean(self) -> dict[str, Any]:
        return keyed(super().clean() or {})
