from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import F, Func, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from decisions.models import Decision, OccasionKind, ResultingChange, load_occasions
from engagements.form_fields import (
    DayField,
    LinkField,
    MemberField,
    RowField,
    TextField,
    choose_among,
    who_can_own,
)
from engagements.models import Engagement, Membership
from okrs.formatting import write_day
from okrs.models import Objective

LONGEST = 4000


class OwnedForm(forms.Form):
    """An entry with owner and due date; its key identifies one opened form, saved only once."""

    owner = MemberField(label="Owner", empty_label="Choose someone")
    due_on = DayField(label="Due")
    key = forms.UUIDField(
        initial=uuid4,
        widget=forms.HiddenInput,
        error_messages={"required": "Reload the page.", "invalid": "Reload the page."},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        named: list[Membership] | None = None,
        initial: dict[str, Any] | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(data, initial=initial, auto_id=auto_id, use_required_attribute=False)
        choose_among(self, owner=who_can_own(engagement, named=named or []))

    def clean(self) -> dict[str, Any]:
        """Name the key as the commands do."""
        form_data = super().clean() or {}
        if "key" in form_data:
            form_data["idempotency_key"] = form_data.pop("key")
        return form_data


class ActionForm(OwnedForm):
    """The arguments of `add_action` (M8.3)."""

    what = TextField(
        label="Action",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Describe the action."},
    )


class DecisionForm(OwnedForm):
    """The arguments of `record_decision` (M8.2)."""

    text = TextField(
        label="Decision",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the decision."},
    )
    change = forms.ChoiceField(
        label="What changes",
        choices=[("", "Choose"), *ResultingChange.choices],
        error_messages={"required": "Choose what changes."},
    )
    evidence_url = LinkField(label="Evidence link")
    client_visible = forms.BooleanField(label="Show to the client once published", required=False)

    field_order = ["text", "owner", "due_on", "change", "evidence_url", "client_visible"]


class SupersedeForm(DecisionForm):
    """The arguments of `supersede_decision`; it needs no key, as a decision is superseded once."""

    key = None  # type: ignore[assignment]


class LogFilter(forms.Form):
    q = TextField(required=False, max_length=200, label="Words or number")
    owner = RowField(required=False, empty_label="Anyone", label="Owner")
    change = forms.ChoiceField(
        required=False, choices=[("", "Any change"), *ResultingChange.choices], label="Change"
    )
    review = forms.ChoiceField(required=False, label="Review")
    objective = RowField(required=False, empty_label="Any objective", label="Objective")
    superseded = forms.BooleanField(required=False, label="Include superseded")

    def __init__(self, data: Any, *, engagement: Engagement) -> None:
        super().__init__(data, auto_id="log-%s")
        log = Decision.objects.filter(engagement=engagement).order_by()
        people = Membership.objects.filter(engagement=engagement)
        touched = Func(F("touches"), function="jsonb_array_elements")
        objectives = log.annotate(one=touched).values_list(KeyTextTransform("objective", "one"))
        choose_among(
            self,
            owner=people.filter(pk__in=log.values("owner")).order_by("name"),
            objective=Objective.objects.filter(engagement=engagement, public_id__in=objectives),
        )
        self.fields["review"].choices = [("", "Any review"), *_reviews(log)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """Return the valid values; invalid ones are ignored."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Return whether it can hide a current decision."""
        return bool(self.values().keys() - {"superseded"})


def _reviews(log: QuerySet[Decision]) -> list[tuple[str, str]]:
    """List the reviews of these decisions, the latest first, with their day as titles repeat."""
    of_reviews = log.filter(occasion_kind=OccasionKind.REVIEW)
    decisions = list(of_reviews.distinct("occasion_id").order_by("occasion_id"))
    load_occasions(decisions)
    titles = [(one.occasion_title, one.occasion_id) for one in decisions if one.occasion_title]
    titles.sort(key=lambda title: title[0].at, reverse=True)
    today = timezone.localdate()
    return [
        (pk, f"{title}, {write_day(timezone.localdate(title.at), today=today, weekday=False)}")
        for title, pk in titles
    ]
