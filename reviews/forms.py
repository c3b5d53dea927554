from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from engagements.edit_forms import EditForm, GroupedForm
from engagements.form_fields import (
    MemberField,
    MembersField,
    MomentField,
    RowField,
    TextField,
    choose_among,
)
from engagements.models import Engagement, Membership, Role
from engagements.places import zone_time
from okrs.models import KeyResult, Objective
from reviews.models import CLOSING_QUESTIONS, Review, ReviewKind

OPTIONS = [("yes", "Yes"), ("no", "No")]


class ReviewForm(EditForm):
    """A planned review; its kind can't change later."""

    kind = forms.ChoiceField(choices=ReviewKind.choices, initial=ReviewKind.MONTHLY, label="Kind")
    title = TextField(
        required=False,
        max_length=120,
        label="Title",
        help_text="If empty, it is named after its month or week.",
    )
    scheduled_at = MomentField(label="When")
    minutes = forms.IntegerField(
        required=False,
        min_value=5,
        max_value=480,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Enter whole minutes from 5 to 480."
        ),
        label="Minutes",
        help_text="If empty, 45 for a monthly review and 30 for a weekly one.",
    )
    lead = MemberField(label="Run by")
    attendees = MembersField(label="Invited")

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        row: models.Model | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, engagement=engagement, row=row, initial=initial)
        zone = timezone.get_current_timezone_name()
        self.fields["scheduled_at"].help_text = f"{zone_time(zone)}."
        leads: Any = self.fields["lead"]
        choose_among(self, lead=leads.queryset.filter(role=Role.LEAD))
        if row is not None:
            del self.fields["kind"]

    def clean_scheduled_at(self) -> dt.datetime:
        """Refuse a past day, unless the review keeps its time: it may start late."""
        chosen: dt.datetime = self.cleaned_data["scheduled_at"]
        moved = "scheduled_at" in self.changed_data
        if moved and timezone.localdate(chosen) < timezone.localdate():
            raise ValidationError("This day has passed. Choose today or later.", code="past")
        return chosen

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        assert isinstance(row, Review)  # noqa: S101 - for the type checker
        people = [attendance.member for attendance in row.attendances.select_related("member")]
        fields = ("title", "scheduled_at", "minutes", "lead", "version")
        return {**{name: getattr(row, name) for name in fields}, "attendees": people}


class ItemForm(GroupedForm):
    """An agenda item that members add (M8.1)."""

    error_fields: ClassVar = {"there": "key_result"}

    title = TextField(
        required=False,
        max_length=240,
        label="Title",
        help_text="If empty, it is named after the key result or objective below.",
    )
    minutes = forms.IntegerField(
        min_value=1,
        max_value=240,
        initial=5,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter whole minutes from 1 to 240."
        ),
        label="Minutes",
    )
    key_result = RowField(required=False, empty_label="None", label="Key result")
    objective = RowField(required=False, empty_label="None", label="Objective")

    def __init__(self, data: Any = None, *, engagement: Engagement) -> None:
        super().__init__(data, use_required_attribute=False)
        live = KeyResult.objects.live().filter(engagement=engagement).order_by("title")
        committed = Objective.objects.filter(engagement=engagement).committed()
        choose_among(self, key_result=live, objective=committed.order_by("title"))


def _question(name: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        choices=OPTIONS,
        coerce=lambda value: value == "yes",
        empty_value=None,
        label=CLOSING_QUESTIONS[name],
        required=False,  # the command asks for it (M8.4)
        widget=forms.RadioSelect,
    )


class CloseForm(GroupedForm):
    """The three questions of M8.4, for the monthly review only, and a note."""

    on_outcomes = _question("on_outcomes")
    evidence_weekly = _question("evidence_weekly")
    moved_resources = _question("moved_resources")
    closing_note = TextField(
        required=False,
        max_length=2000,
        label="Note on the meeting",
        help_text="Clients don’t see it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    present = MembersField(
        label="Who else was present?", help_text="People without a tick count as absent."
    )

    def __init__(self, data: Any = None, *, review: Review, away: Sequence[Membership]) -> None:
        super().__init__(data, use_required_attribute=False)
        if away:
            # Someone who was ticked may have opened the review since: anyone invited is accepted.
            invited = review.attendances.values("member_id")
            choose_among(self, present=Membership.objects.filter(pk__in=invited))
            names = [(member.public_id, member.name) for member in away]
            self.fields["present"].choices = names  # type: ignore[attr-defined]
        else:
            del self.fields["present"]
        if review.kind != ReviewKind.MONTHLY:
            for name in CLOSING_QUESTIONS:
                del self.fields[name]
