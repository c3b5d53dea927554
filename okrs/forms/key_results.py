"""Forms of key results, with a field for the rungs of a threshold ladder."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Any, ClassVar, Self

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from engagements.figure_fields import FigureField, NumberInput
from engagements.form_fields import (
    DayField,
    MemberField,
    MembersField,
    RowField,
    TextField,
    choose_among,
)
from engagements.locales import DEFAULT_LOCALE
from metrics.models import Metric, Refresh
from okrs.commands.key_results import FROZEN
from okrs.forms.objectives import ReasonedForm
from okrs.models import Commitment, Direction, Indicator, KeyResult, Objective
from okrs.models.key_results import method_choices
from okrs.queries.findings import key_result_findings, metric_moves
from okrs.writing import EMPTY, Finding
from scoring import Method

ROWS, SPARE = 5, 2


class LadderWidget(forms.MultiWidget):
    template_name = "django/forms/widgets/ladder.html"

    def __init__(self, rows: int = ROWS) -> None:
        super().__init__([_cell(at) for at in range(2 * rows)])

    def decompress(self, value: Any) -> list[Any]:
        return [None] * len(self.widgets)  # the field passes cells or nothing

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        cells = context["widget"]["subwidgets"]
        rows = list(zip(cells[::2], cells[1::2], strict=True))
        invalid = _invalid_cells(rows)
        for cell in cells:
            if cell not in invalid:
                cell["attrs"].pop("aria-invalid", None)
        context["widget"]["rows"] = rows
        return context


def _invalid_cells(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the cells that an error is about: those of half-filled rungs, else of all rungs."""
    filled = [row for row in rows if any(cell["value"] for cell in row)]
    halves = [row for row in filled if not all(cell["value"] for cell in row)]
    return [cell for row in halves or filled for cell in row]


class LadderField(forms.MultiValueField):
    """Rungs as pairs of Decimals, best first; unused rows stay empty."""

    def __init__(self, *, rows: int = ROWS, locale: str = DEFAULT_LOCALE) -> None:
        cells = [FigureField(required=False) for _ in range(2 * rows)]
        for cell in cells:
            cell.locale = locale
        for score in cells[1::2]:
            score.set_near(most=Decimal(1))
        super().__init__(
            cells,
            widget=LadderWidget(rows),
            required=False,
            require_all_fields=False,
            label="Rungs, best first",
            help_text="The first rung that the value reaches gives the score. Leave unused rows empty.",
        )

    def prepare_value(self, value: Any) -> Any:
        """Return saved rungs as a flat list of cells; typed input is one already."""
        if value and isinstance(value[0], list | tuple):
            write = self.fields[0].prepare_value
            return [write(Decimal(cell)) for rung in value for cell in rung]
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        return [field.bound_data(cell, None) for field, cell in zip(self.fields, data, strict=True)]

    def compress(self, data_list: list[Decimal | None]) -> list[tuple[Decimal, Decimal]]:
        rungs: list[tuple[Decimal, Decimal]] = []
        pairs = zip(data_list[::2], data_list[1::2], strict=True)
        for row, (threshold, score) in enumerate(pairs, start=1):
            if threshold is None and score is None:
                continue
            if threshold is None or score is None:
                raise ValidationError(
                    f"Rung {row} is incomplete. Enter threshold and score, or leave both empty."
                )
            rungs.append((threshold, score))
        return rungs


def _cell(at: int) -> forms.TextInput:
    row, side = divmod(at, 2)
    label = f"{('Score', 'Threshold')[side == 0]} of rung {row + 1}"
    return NumberInput({"aria-label": label, "maxlength": 60})


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
        return data

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
