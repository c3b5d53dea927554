from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import F, Func, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from decisions.models import Decision, OccasionKind, ResultingChange
from decisions.models.occasions import load_occasions
from engagements.form_fields import RowField, choose_among
from engagements.models import Engagement, Membership
from okrs.formatting import write_day
from okrs.models import Objective


class LogFilter(forms.Form):
    """The filter of the decision log."""

    q = forms.CharField(required=False, max_length=200, label="Words or number")
    owner = RowField(required=False, empty_label="Anyone", label="Owner")
    change = forms.ChoiceField(
        required=False, choices=[("", "Any change"), *ResultingChange.choices], label="Change"
    )
    review = forms.ChoiceField(required=False, label="Review")
    objective = RowField(required=False, empty_label="Any objective", label="Objective")
    superseded = forms.BooleanField(required=False, label="Include superseded")

    def __init__(self, data: Any, *, engagement: Engagement) -> None:
        super().__init__(data, auto_id="log-%s")
        rows = Decision.objects.filter(engagement=engagement).order_by()
        people = Membership.objects.filter(engagement=engagement)
        choose_among(
            self,
            owner=people.filter(pk__in=rows.values("owner")).order_by("name"),
            objective=_touched(rows, engagement=engagement),
        )
        self.fields["review"].choices = [("", "Any review"), *_reviews(rows)]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return the valid values; invalid ones are ignored."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Return whether it can hide a current decision."""
        return bool(self.asked().keys() - {"superseded"})


def _reviews(rows: QuerySet[Decision]) -> list[tuple[str, str]]:
    """List the reviews of these decisions, the latest first, with their day as titles repeat."""
    held = list(
        rows.filter(occasion_kind=OccasionKind.REVIEW)
        .distinct("occasion_id")
        .order_by("occasion_id")
    )
    load_occasions(held)
    titles = [(one.occasion_title, one.occasion_id) for one in held if one.occasion_title]
    titles.sort(key=lambda one: one[0].at, reverse=True)
    return [(public_id, f"{title}, {_day(title.at)}") for title, public_id in titles]


def _day(at: dt.datetime) -> str:
    return write_day(timezone.localdate(at), today=timezone.localdate(), weekday=False)


def _touched(rows: QuerySet[Decision], *, engagement: Engagement) -> QuerySet[Objective]:
    objects = Func(F("touches"), function="jsonb_array_elements")
    ids = rows.annotate(one=objects).values_list(KeyTextTransform("objective", "one"))
    return Objective.objects.filter(engagement=engagement, public_id__in=ids)
