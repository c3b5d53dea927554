"""Forms of check-ins. They read the input; the rules are in the commands."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from checkins.prompts import Question
from checkins.queries.cards import DueCard
from checkins.rules import REQUIRED, Preview, beyond_range, outside_range, preview
from engagements.figure_fields import FigureField, FigureInput
from engagements.form_fields import DayField, LinkField, ScaleInput, TextField
from okrs.formatting import NO_BREAK, YES_NO, write_day, write_unit, write_value
from okrs.models import KeyResult
from okrs.weeks import WEEK

CONFIDENCE = {1: "Very low", 2: "Low", 3: "Even", 4: "Good", 5: "Very high"}
LONGEST_SITTING = 4 * 3600  # a form left open for longer was not worked on all the time
ASIDE = ("help_needed", "blocker", "evidence_url")
CORRECTED = ("actual", "measured_on", "confidence", "insight", "next_action", "evidence_url")


def _required(message: str) -> dict[str, str]:
    return {"required": message}


class CheckInForm(forms.Form):
    actual = FigureField(label="Value", error_messages=_required("Enter the value."))
    measured_on = DayField(
        label="Measured on", error_messages=_required("Enter the day it was measured.")
    )
    confidence = forms.TypedChoiceField(
        coerce=int,
        choices=list(CONFIDENCE.items()),
        widget=ScaleInput,
        error_messages=_required(REQUIRED["confidence"]),
    )
    insight = TextField(
        label="Insight: what does the number mean?",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=_required(REQUIRED["insight"]),
    )
    next_action = TextField(
        label="Next action", max_length=2000, error_messages=_required(REQUIRED["next_action"])
    )
    next_action_due = DayField(label="By", error_messages=_required("Enter the day it is due."))
    help_needed = TextField(
        label="Help needed, and from whom",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    blocker = TextField(
        label="Blocker: what is it, and who can remove it?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    evidence_url = LinkField(label="Evidence link")
    confirm_range = forms.BooleanField(label="Yes, this is correct", required=False)
    seen = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": "Reload the page.", "invalid": "Reload the page."},
    )
    started = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        card: DueCard,
        now: dt.datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        key_result = card.key_result
        super().__init__(
            data,
            initial={**opening(card, now=now), **(initial or {})},
            auto_id=f"c-{key_result.public_id}-%s",
            use_required_attribute=False,
        )
        self.card, self.now = card, now
        self.value_field = value_field(key_result)
        self.fields["actual"] = self.value_field
        self.fields["actual"].help_text = _previous_value(card, today=self.today)
        self.fields["confidence"].label = _confidence_label(key_result, today=self.today)
        self.fields["confidence"].help_text = _previous_confidence(card)

    def focus_first(self) -> None:
        """Focus the first field, for a form that opens with its page."""
        self.fields["actual"].widget.attrs["autofocus"] = True

    @property
    def today(self) -> dt.date:
        return self.card.engagement.today(self.now)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "actual" in cleaned and self.value_field.question(cleaned["actual"]):
            cleaned["confirm_range"] = True  # the question that was answered named the range
        # Only to show all errors at once: the command checks again, by the same function.
        if self.errors and "actual" in cleaned and not cleaned.get("confirm_range"):
            warning = outside_range(self.card.key_result, actual=cleaned["actual"])
            if warning:
                self.add_error("actual", ValidationError(warning, code="out_of_range"))
        return cleaned

    @property
    def content(self) -> dict[str, Any]:
        """Return the arguments of `record_check_in` from a valid form."""
        content = dict(self.cleaned_data)
        content["idempotency_key"] = content.pop("key")
        content["seconds_spent"] = self._seconds(content.pop("started"))
        return content

    @property
    def asks_to_confirm(self) -> bool:
        return self.has_error("actual", "out_of_range") or bool(self["confirm_range"].value())

    @property
    def is_wide(self) -> bool:
        """Return whether help, blocker or evidence have a value or an error."""
        return any(self[name].value() or self[name].errors for name in ASIDE)

    @property
    def preview(self) -> Preview | None:
        """Return the preview of the value; None if there is no value."""
        return typed_preview(
            self.card.key_result,
            typed=self["actual"].value(),
            confidence=read_confidence(self["confidence"].value()),
            day=read_day(self["measured_on"].value(), default=self.today),
        )

    def _seconds(self, started: str) -> int | None:
        if not started.isdecimal():
            return None
        seconds = int(self.now.timestamp()) - int(started[:12])
        return seconds if 0 <= seconds <= LONGEST_SITTING else None


def value_field(key_result: KeyResult) -> FigureField:
    """Return the field of a key result's value, which asks about a figure that is far off."""
    field: FigureField = deepcopy(CheckInForm.base_fields["actual"])  # type: ignore[assignment]
    field.widget = _value_input(key_result)
    field.locale, field.unit = key_result.engagement.figure_locale, key_result.unit
    field.set_near(last_value=key_result.latest_value, baseline=key_result.baseline)
    field.asks_distance = key_result.unit != YES_NO
    field.note = partial(beyond_range, key_result)
    return field


def typed_preview(
    key_result: KeyResult, *, typed: Any, confidence: int | None, day: dt.date
) -> Preview | None:
    """Score a value as typed in the way that a post would (M5); None without one.

    A figure that cannot be read, or that is asked about, gives an `error`.
    """
    field = value_field(key_result)
    field.required = False
    try:
        actual = field.clean(typed)
    except ValidationError as error:
        return Preview(error=error, was=key_result.score)
    if actual is None:
        return None
    found = preview(key_result=key_result, actual=actual, confidence=confidence, day=day)
    return replace(found, warning="") if field.question(actual) else found


class AnswerForm(forms.Form):
    """The answer to a help request."""

    answer = TextField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=_required(REQUIRED["answer"]),
    )


class PromptAnswerForm(forms.Form):
    """The answer to a prompt, with the fields that its question asks for (M5.9)."""

    text = TextField(
        label="Your answer",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=_required(REQUIRED["answer"]),
    )
    bet = TextField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    checkpoint_on = DayField(label="Next checkpoint", required=False)
    crosses_teams = forms.BooleanField(
        label="This crosses teams: notify the sponsor", required=False
    )

    def __init__(self, data: Any = None, *, card: DueCard, question: Question | None) -> None:
        super().__init__(
            data,
            initial={"checkpoint_on": card.next_action_due},
            auto_id=f"p-{card.public_id}-%s",
            use_required_attribute=False,
        )
        if question is None:  # answered meanwhile
            return
        self.fields["text"].label = question.label
        self.fields["bet"].label = question.bet
        self.fields["bet"].required = question.needs_bet
        self.fields["bet"].error_messages["required"] = "Add the revised bet."
        self.fields["checkpoint_on"].required = question.needs_checkpoint
        asked = {
            "bet": bool(question.bet),
            "checkpoint_on": question.needs_checkpoint,
            "crosses_teams": question.may_cross_teams,
        }
        for name, is_asked in asked.items():
            if not is_asked:
                del self.fields[name]


def opening(card: DueCard, *, now: dt.datetime) -> dict[str, Any]:
    """Return the initial values of a card's form; a saved card's are those of its check-in."""
    today, previous = card.engagement.today(now), card.previous
    shown: dict[str, Any] = {
        "measured_on": today,
        "next_action_due": card.next_action_due,
        "seen": card.latest_check_in_id,
        "key": uuid4(),
        "started": int(now.timestamp()),
    }
    if previous is None:
        shown["actual"] = card.key_result.offered_value
    if card.is_saved and previous is not None:
        shown |= {name: getattr(previous, name) for name in CORRECTED}
        shown["next_action_due"] = max(previous.next_action_due, today)
    return shown


def read_confidence(text: object) -> int | None:
    """Read a confidence from 1 to 5; None for anything else."""
    return int(str(text)) if str(text) in ("1", "2", "3", "4", "5") else None


def read_day(text: object, *, default: dt.date) -> dt.date:
    """Read a day as the form takes it; `default` for anything else."""
    try:
        return DayField().clean(text) or default
    except ValidationError:
        return default


def _value_input(key_result: KeyResult) -> forms.Widget:
    unit = key_result.unit
    if unit == YES_NO:
        return forms.Select(choices=[("", "Choose"), ("1", "Yes"), ("0", "No")])
    return FigureInput(unit=write_unit(unit))


def _previous_value(card: DueCard, *, today: dt.date) -> str:
    key_result = card.key_result
    if card.previous is None and key_result.offered_on:
        value = write_value(key_result.offered_value, unit=key_result.unit)
        return f"{value} in your sheet of {write_day(key_result.offered_on, today=today)}."
    if card.previous is None:
        return "Not measured yet."
    value = write_value(card.previous.actual, unit=card.key_result.unit)
    return f"Last {value}, {write_day(card.previous.measured_on, today=today)}."


def _previous_confidence(card: DueCard) -> str:
    """Return for example "Last week: 4, Good."; a saved card's own confidence is chosen already."""
    if card.previous is None or card.is_saved:
        return ""
    is_last_week = card.period.monday - card.previous.period == WEEK
    confidence = card.previous.confidence
    return (
        f"{'Last week' if is_last_week else 'Last time'}: {confidence}, {CONFIDENCE[confidence]}."
    )


def _confidence_label(key_result: KeyResult, *, today: dt.date) -> str:
    unit = key_result.unit
    goal = "it" if unit == YES_NO else write_value(key_result.target, unit=unit)
    by = ""
    if key_result.due_on is not None:
        by = f" by {write_day(key_result.due_on, today=today, weekday=False)}"
    return f"Confidence that {goal.replace(' ', NO_BREAK)} will be hit{by}"
