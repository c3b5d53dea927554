"""The filter above the reminder ledger."""

from __future__ import annotations

from typing import Any

from django import forms

from engagements.form_fields import RowField, choose_among
from engagements.models import Membership
from workspace.queries.notification_log import LineState, rule_labels, sees_all, who_was_told


class LedgerFilter(forms.Form):
    """Which lines the ledger shows: of whom, by which rule, in which state."""

    person = RowField(required=False, empty_label="Anyone", label="Person")
    rule = forms.ChoiceField(
        required=False, choices=lambda: [("", "Any rule"), *rule_labels()], label="Rule"
    )
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Any state"), *((each.value, each.label) for each in LineState)],
        label="State",
    )

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data, auto_id="ledger-%s")
        if sees_all(membership):
            choose_among(self, person=who_was_told(membership.engagement))
        else:
            del self.fields["person"]

    def asked(self) -> dict[str, Any]:
        """Return the given filters, without those that are not offered."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}
