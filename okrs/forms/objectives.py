"""Reasons to overrule a writing check: one field per check, named after its code (M3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django import forms
from django.db import models

from engagements.edit_forms import EditForm
from engagements.form_fields import (
    DayField,
    MemberField,
    MembersField,
    RowField,
    TextField,
    choose_among,
)
from okrs.models import Cycle, Objective, Origin, Team
from okrs.writing import EMPTY, Finding, check_objective

REASON = "reason-"
LONGEST_REASON = 500


class ReasonedForm(EditForm):
    """An edit form whose writing checks may be overruled with a reason."""

    def typed_reasons(self) -> dict[str, str]:
        """Return the reasons by the check's code: those typed, else those saved."""
        saved: dict[str, str] = dict(getattr(self.row, "reasons", {}))
        if not self.is_bound:
            return saved
        typed = {
            name.removeprefix(REASON): str(value).strip()[:LONGEST_REASON]
            for name, value in self.data.items()
            if name.startswith(REASON)
        }
        return {**saved, **typed}

    def findings(self) -> list[tuple[Finding, str]]:
        """Return the findings on the text as typed, each with the reason given (M3)."""
        if not self.is_bound and self.row is None:
            return []
        reasons = self.typed_reasons()
        return [(finding, reasons.get(finding.code, "")) for finding in self.check()]

    def check(self) -> list[Finding]:
        raise NotImplementedError

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        named = row.collaborators.select_related("member")  # type: ignore[attr-defined]
        people = [collaborator.member for collaborator in named]
        return {**super().shown(row), "collaborators": people}

    def clean_title(self) -> str:
        return " ".join(str(self.cleaned_data["title"]).split())  # one sentence has one line

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["reasons"] = {code: text for code, text in self.typed_reasons().items() if text}
        return data


class ObjectiveForm(ReasonedForm):
    groups: ClassVar = {
        "": ("title", "why_now"),
        "People": ("owner", "team", "reviewer", "review_by", "collaborators"),
        "Alignment": ("parent", "divergence_reason", "origin"),
    }
    error_fields: ClassVar = {
        "empty": "title",
        "too_long": "title",
        "repeated": "title",
        "frozen": "team",
    }

    title = TextField(
        max_length=240,
        label="Objective",
        help_text="One sentence that starts with a verb: what will be better, and for whom.",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 240}),
        error_messages={"required": EMPTY.message},
    )
    why_now = TextField(
        required=False, max_length=4000, label="Why now", widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = MemberField(label="Owner", empty_label=None)
    collaborators = MembersField(label="Collaborators")
    team = RowField(required=False, empty_label="None, company objective", label="Team")
    parent = RowField(
        required=False,
        empty_label="Not linked yet",
        label="Contributes to",
        help_text="A company objective, or an annual one.",
        label_of=lambda objective: f"{objective} ({objective.cycle})",
    )
    divergence_reason = TextField(
        required=False,
        max_length=2000,
        label="Reason to diverge on purpose",
        widget=forms.Textarea(attrs={"rows": 1}),
    )
    origin = forms.ChoiceField(
        choices=Origin.choices, initial=Origin.TOP_DOWN, widget=forms.RadioSelect, label="Origin"
    )
    reviewer = MemberField(
        required=False,
        empty_label="The owner",
        label="Reviewer",
        help_text="Someone other than the author.",
    )
    review_by = DayField(required=False, label="Review by")

    def __init__(self, data: Any = None, *, cycle: Cycle, **kwargs: Any) -> None:
        super().__init__(data, engagement=cycle.engagement, **kwargs)
        self.cycle = cycle
        here = Objective.objects.filter(engagement=cycle.engagement, team=None)
        above = here.exclude(pk=self.row.pk) if self.row else here
        choose_among(
            self,
            team=Team.objects.filter(engagement=cycle.engagement),
            parent=above.select_related("cycle").order_by("-cycle__starts_on", "position", "id"),
        )

    def over(self, row: models.Model | None, *, data: Any = None) -> Self:
        return type(self)(data, cycle=self.cycle, row=row)

    def check(self) -> list[Finding]:
        blank = Objective(engagement=self.engagement, cycle=self.cycle)
        objective = self.row if isinstance(self.row, Objective) else blank
        titles = Objective.objects.all().other_titles(objective)
        return check_objective(title=str(self["title"].value() or ""), others=titles)


VERSION = "version-"


def read_versions(data: Mapping[str, str]) -> dict[str, int]:
    """Read versions by the public id of their row; invalid numbers are left out."""
    return {
        name.removeprefix(VERSION): int(value)
        for name, value in data.items()
        if name.startswith(VERSION) and value.isascii() and value.isdecimal()
    }
