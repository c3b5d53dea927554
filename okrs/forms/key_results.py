from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Any, ClassVar, Self

from django import forms
from django.db import models
from django.db.models import Q

from engagements.form_fields import (
    DayField,
    DecimalTextField,
    MemberField,
    MembersField,
    RowField,
    choose_among,
)
from metrics.models import Metric
from okrs.commands.key_results import FROZEN
from okrs.forms.ladders import LadderField, rows_for
from okrs.forms.new_metrics import NAMES, NEEDED, NewMetricForm
from okrs.forms.objectives import helpers
from okrs.forms.reasons import ReasonedForm
from okrs.models import Commitment, Direction, Indicator, KeyResult, Objective
from okrs.models.key_results import method_choices
from okrs.queries.findings import key_result_findings
from okrs.standards import EMPTY, Finding
from scoring import Method

NO_COLUMNS = {"collaborators", "version"}


class KeyResultForm(NewMetricForm, ReasonedForm):
    groups: ClassVar = {
        "": ("title", "metric", *NAMES, "direction", "baseline", "target"),
        "Scoring": ("method", "ladder", "weight", "commitment"),
        "Owner and due date": ("owner", "due_on", "indicator", "collaborators"),
    }
    needed_at_commit: tuple[str, ...] = ("metric", *NEEDED, "baseline", "target", "owner", "due_on")
    error_fields: ClassVar = {
        "empty": "title",
        "too_long": "title",
        "said_twice": "title",
        "target_is_baseline": "target",
        "archived": "metric",
        "duplicate": "metric_name",
    }

    title = forms.CharField(
        max_length=240,
        label="Key result",
        help_text="A number, or a yes/no, that shows whether you reached the objective.",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 240}),
        error_messages={"required": EMPTY.message},
    )
    metric = RowField(
        required=False,
        empty_label="No metric yet",
        label="Metric",
        label_of=lambda metric: f"{metric}, {metric.unit}" if metric.unit else str(metric),
    )
    direction = forms.ChoiceField(
        choices=Direction.choices,
        initial=Direction.HIGHER,
        widget=forms.RadioSelect,
        label="Direction",
    )
    baseline = DecimalTextField(required=False, label="Baseline")
    target = DecimalTextField(required=False, label="Target")
    method = forms.ChoiceField(
        choices=method_choices,
        initial=Method.LINEAR.value,
        widget=forms.RadioSelect,
        label="Method",
    )
    ladder = LadderField()
    due_on = DayField(required=False, label="Due date")
    owner = MemberField(required=False, label="Owner", help_text="One person is accountable.")
    collaborators = MembersField(label="Collaborators")
    indicator = forms.ChoiceField(
        choices=[("", "Not set yet"), *Indicator.choices], required=False, label="Indicator"
    )
    commitment = forms.ChoiceField(
        choices=Commitment.choices,
        initial=Commitment.COMMITTED,
        label="Commitment",
        help_text="Committed: met only at 1.00. Aspirational: a success from 0.60.",
    )
    weight = DecimalTextField(
        initial=Decimal(1),
        label="Weight",
        help_text="Compared with the other key results of this objective.",
        error_messages={"required": "Enter a weight, for example 1."},
    )

    def __init__(self, data: Any = None, *, objective: Objective, **kwargs: Any) -> None:
        super().__init__(data, engagement=objective.engagement, **kwargs)
        self.objective = objective
        self.initial.setdefault("due_on", objective.cycle.ends_on)
        rungs = self.initial.get("ladder") or []
        self.fields["ladder"] = LadderField(rows=rows_for(rungs, data))
        metrics = Metric.objects.filter(engagement=objective.engagement)
        read_now = getattr(self.row, "metric_id", None)
        choose_among(self, metric=metrics.filter(Q(archived_at=None) | Q(pk=read_now)))
        if isinstance(self.row, KeyResult) and not self.row.is_draft:
            self.needed_at_commit = ()
            for name in (*FROZEN, *NAMES):
                del self.fields[name]

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        return {**super().shown(row), "collaborators": helpers(row)}

    def clean_title(self) -> str:
        return " ".join(str(self.cleaned_data["title"]).split())  # one sentence has one line

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "ladder" in data and data.get("method") != Method.LADDER:
            data["ladder"] = []
        return data

    def over(self, row: models.Model | None, *, data: Any = None) -> Self:
        return type(self)(data, objective=self.objective, row=row)

    def check(self) -> list[Finding]:
        others = KeyResult.objects.filter(engagement=self.engagement, objective=self.objective)
        titles = others.exclude(pk=self.row.pk) if self.row else others
        return key_result_findings(self.typed(), others=titles.values_list("title", flat=True))

    def typed(self) -> KeyResult:
        """Return the key result as typed, unsaved; unreadable fields are left out."""
        blank = KeyResult(engagement=self.engagement, objective=self.objective)
        key_result = copy(self.row) if isinstance(self.row, KeyResult) else blank
        if self.is_bound:
            self.is_valid()
            for name in self.fields.keys() & self.cleaned_data.keys() - NO_COLUMNS:
                setattr(key_result, name, self.cleaned_data[name])
            if new := self.cleaned_data.get("new_metric"):
                key_result.metric = Metric(engagement=self.engagement, **new)
        return key_result


class AuditForm(forms.Form):
    """The two criteria of the audit that only a person can answer (M4.2)."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    refresh_confirmed = forms.BooleanField(required=False)
    ambitious = forms.BooleanField(required=False)
    note = forms.CharField(required=False, max_length=2000)
