"""Forms of key results, which a sentence can fill."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Any, ClassVar, Self

from django import forms
from django.db import models
from django.db.models import Q
from django.http import QueryDict

from engagements.figure_fields import FigureField
from engagements.form_fields import (
    DayField,
    MemberField,
    MembersField,
    RowField,
    TextField,
    choose_among,
)
from metrics.models import Metric, Refresh
from okrs.commands.key_results import FROZEN
from okrs.forms.ladders import ROWS, SPARE, LadderField
from okrs.forms.objectives import ReasonedForm
from okrs.models import Commitment, Direction, Indicator, KeyResult, Objective
from okrs.models.key_results import method_choices
from okrs.queries.findings import key_result_findings, metric_moves
from okrs.sentences import LONGEST as LONGEST_SENTENCE
from okrs.sentences import Sentence, read_sentence
from okrs.writing import EMPTY, Finding
from scoring import Method

NAMES = ("metric_name", "metric_unit", "metric_source", "metric_refresh")
NEEDED = ("metric_source", "metric_refresh")  # at commit, by the audit


class NewMetricForm(forms.Form):
    """The first answers about a new metric; the dictionary asks the rest (M4.4)."""

    metric_name = TextField(
        required=False,
        max_length=120,
        label="New metric",
        help_text="Its name. It is added to the dictionary.",
    )
    metric_unit = TextField(
        required=False,
        max_length=40,
        label="Unit of the new metric",
        help_text="days, %, EUR, yes/no",
    )
    metric_source = TextField(required=False, max_length=120, label="Source of the new metric")
    metric_refresh = forms.ChoiceField(
        choices=[("", "Not answered yet"), *Refresh.choices],
        required=False,
        label="Refresh of the new metric",
    )

    def clean(self) -> dict[str, Any]:
        """Gather the fields in `new_metric`, empty if there is none."""
        data = super().clean() or self.cleaned_data
        metric = {name.removeprefix("metric_"): data.pop(name, "") for name in NAMES}
        if metric["name"] and data.get("metric"):
            self.add_error("metric_name", "Choose an existing metric or add a new one, not both.")
        elif not metric["name"] and any(metric.values()) and "metric_name" not in self.errors:
            self.add_error("metric_name", "Enter a name for the new metric.")
        data["new_metric"] = metric if metric["name"] else {}
        return data


NO_COLUMNS = {"collaborators", "version"}
# The fields that a sentence can fill, as the form reports them.
FILLED = {
    "title": "key result",
    "metric": "metric",
    "metric_name": "new metric",
    "metric_unit": "unit",
    "metric_source": "source",
    "metric_refresh": "refresh",
    "direction": "direction",
    "baseline": "baseline",
    "target": "target",
    "ladder_0": "ladder",
    "due_on": "due date",
}


MORE = "More options"


class KeyResultForm(NewMetricForm, ReasonedForm):
    groups: ClassVar = {
        "": ("title", "metric", *NAMES, "direction", "baseline", "target", "due_on", "owner"),
        MORE: (
            *("starts_on", "indicator", "commitment", "method", "ladder", "weight"),
            "collaborators",
        ),
    }
    folded = frozenset({MORE})
    needed_at_commit: tuple[str, ...] = ("metric", *NEEDED, "baseline", "target", "owner", "due_on")
    sentence_read: Sentence | None = None
    error_fields: ClassVar = {
        "empty": "title",
        "too_long": "title",
        "repeated": "title",
        "target_is_baseline": "target",
        "archived": "metric",
        "duplicate": "metric_name",
    }

    sentence = TextField(
        required=False,
        max_length=LONGEST_SENTENCE,
        label="Say it in one sentence",
        help_text="For example: Raise on-time deliveries from 81.5% to 95% by 31 Dec, weekly from"
        " the ERP. It fills in the fields below.",
    )
    # The sentence that was read last.
    read = forms.CharField(required=False, max_length=LONGEST_SENTENCE, widget=forms.HiddenInput)
    title = TextField(
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
        label_of=lambda metric: f"{metric}, {metric.unit_sign}" if metric.unit else str(metric),
    )
    direction = forms.ChoiceField(
        choices=Direction.choices,
        initial=Direction.HIGHER,
        widget=forms.RadioSelect,
        label="Direction",
    )
    baseline = FigureField(required=False, label="Baseline")
    target = FigureField(required=False, label="Target")
    method = forms.ChoiceField(
        choices=method_choices,
        initial=Method.LINEAR.value,
        widget=forms.RadioSelect,
        label="Method",
    )
    ladder = LadderField()
    starts_on = DayField(
        required=False,
        label="Start",
        help_text="Pace counts from this day. Leave it empty for the day of the commit.",
    )
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
    weight = FigureField(
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
        sent = sum(name.startswith("ladder_") for name in data or ())
        # All saved or sent rungs, and some spare ones.
        rows = max(ROWS, len(rungs) + SPARE, (sent + 1) // 2)
        self.fields["ladder"] = LadderField(rows=rows, locale=self.engagement.figure_locale)
        metrics = Metric.objects.filter(engagement=objective.engagement)
        read_now = getattr(self.row, "metric_id", None)
        choose_among(self, metric=metrics.filter(Q(archived_at=None) | Q(pk=read_now)))
        if self.row is not None:
            del self.fields["sentence"], self.fields["read"]
        if isinstance(self.row, KeyResult) and not self.row.is_draft:
            self.needed_at_commit = ()
            for name in (*FROZEN, *NAMES):
                del self.fields[name]

    def clean_metric(self) -> Metric | None:
        """Read the figures in the unit of the metric, or of the new one."""
        metric: Metric | None = self.cleaned_data["metric"]
        for field in self._figures():
            field.unit = metric.unit if metric else self.cleaned_data.get("metric_unit", "")
        return metric

    def clean_baseline(self) -> Decimal | None:
        """Settle lone separators in target and rungs by the baseline."""
        baseline: Decimal | None = self.cleaned_data["baseline"]
        for field in self._figures()[1:]:
            field.set_near(**field.near, baseline=baseline)
        return baseline

    def _figures(self) -> list[FigureField]:
        ladder: Any = self.fields["ladder"]
        fields: list[Any] = [self.fields["baseline"], self.fields["target"], *ladder.fields[::2]]
        return fields

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "ladder" in data and data.get("method") != Method.LADDER:
            data["ladder"] = []
        data.pop("sentence", None)
        data.pop("read", None)
        return data

    def asks_to_be_filled(self) -> bool:
        """Return whether the person asked for it, or typed a sentence since it was filled last."""
        sentence = self.data.get("sentence", "")
        return "fill" in self.data or (bool(sentence) and sentence != self.data.get("read"))

    def filled(self) -> Self:
        """Return the form with the fields that its sentence names; others stay as typed.

        Values that came from the sentence before and were not edited are replaced.
        """
        text, before = (self.data.get(name, "") for name in ("sentence", "read"))
        sentence, previous = self._read(text), self._read(before)
        defaults = {"method": Method.LINEAR.value, "direction": Direction.HIGHER.value}
        defaults["due_on"] = f"{self.objective.cycle.ends_on:%Y-%m-%d}"
        unedited = [name for name, value in previous.values.items() if self.data.get(name) == value]
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name in unedited:
            data[name] = defaults.get(name, "")
        if data.get("metric"):  # chosen by the person
            sentence.values = {
                name: value for name, value in sentence.values.items() if name not in NAMES
            }
        for name, value in {**sentence.values, "read": text}.items():
            data[name] = value
        form = self.over(None, data=data)
        form.sentence_read = sentence
        return form

    def _read(self, text: str) -> Sentence:
        """Read a sentence; a metric that is in the dictionary is chosen."""
        cycle, locale = self.objective.cycle, self.engagement.figure_locale
        sentence = read_sentence(
            text, locale=locale, starts_on=cycle.starts_on, ends_on=cycle.ends_on
        )
        metrics: Any = self.fields["metric"]
        known = metrics.queryset.filter(name_key=sentence.values.get("metric_name", "")).first()
        if known:
            sentence.values |= {**dict.fromkeys(NAMES, ""), "metric": known.public_id}
        sentence.values = {name: value for name, value in sentence.values.items() if value or known}
        return sentence

    def filled_in(self) -> list[str]:
        values = self.sentence_read.values if self.sentence_read else {}
        return [label for name, label in FILLED.items() if values.get(name)]

    def over(self, row: models.Model | None, *, data: Any = None) -> Self:
        return type(self)(data, objective=self.objective, row=row)

    def check(self) -> list[Finding]:
        typed = self.typed()
        titles = KeyResult.objects.all().other_titles(typed)
        return key_result_findings(typed, others=titles, moves=metric_moves(typed.metric))

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
    """The criterion of the audit that only a person can answer (M4.2)."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    ambitious = forms.BooleanField(required=False)
    note = TextField(required=False, max_length=2000)
