from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef

from engagements.form_fields import RowField, choose_among
from engagements.models import Membership
from notifications.models import Notice
from notifications.rules import registered_rules
from workspace.queries.notification_log import SUBJECTS, LineState, rule_label, sees_all


def rule_choices() -> list[tuple[str, str]]:
    names = dict.fromkeys((*SUBJECTS, *registered_rules))
    return [("", "Any rule"), *((name, rule_label(name)) for name in names)]


class LedgerFilter(forms.Form):
    """Which lines the notification log shows: of whom, by which rule, in which state."""

    person = RowField(required=False, empty_label="Anyone", label="Person")
    rule = forms.ChoiceField(required=False, choices=rule_choices, label="Rule")
    state = forms.ChoiceField(
        required=False, choices=[("", "Any state"), *LineState.choices], label="State"
    )

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data, auto_id="ledger-%s")
        if sees_all(membership):  # everyone in the log, also those who have left
            here = {"engagement": membership.engagement}
            told = Notice.objects.filter(**here, person=OuterRef("pk")).order_by()
            people = Membership.objects.filter(Exists(told), **here)
            choose_among(self, person=people.order_by("name", "id"))
        else:
            del self.fields["person"]

    def lookups(self) -> dict[str, Any]:
        """Return the given filters for the log's queryset, without those that are not offered."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}
