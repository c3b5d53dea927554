"""Forms of the weekly rhythm. They read what people type; the commands hold the rules."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError

from checkins import queries
from checkins.assessment import outside_range
from checkins.queries import DueCard, Preview
from engagements.form_fields import DayField, DecimalTextField
from okrs.formatting import NO_BREAK, YES_NO, write_day, write_value
from okrs.models import KeyResult
from okrs.widgets import FigureInput, ScaleInput

CONFIDENCE = {1: "Very low", 2: "Low", 3: "Even", 4: "Good", 5: "Very high"}
LONGEST_SITTING = 4 * 3600  # a form left open over lunch says nothing of the time it took
ASIDE = ("help_needed", "blocker", "evidence_url")
KEPT_IN_CORRECTION = ("actual", "measured_on", "insight", "next_action", "evidence_url")


def _asked(message: str) -> dict[str, str]:
    return {"required": message}


class CheckInForm(forms.Form):
    """One check-in of one card, in the words of the card."""

    actual = DecimalTextField(label="Value", error_messages=_asked("Enter the value."))
    measured_on = DayField(
        label="Measured on", error_messages=_asked("Enter the day it was measured.")
    )
    confidence = forms.TypedChoiceField(
        coerce=int,
        choices=list(CONFIDENCE.items()),
        widget=ScaleInput,
        error_messages=_asked("Choose a confidence from 1 to 5."),
    )
    insight = forms.CharField(
        label="Insight: what does the number mean?",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=_asked("Add an insight: what does the number mean?"),
    )
    next_action = forms.CharField(
        label="Next action",
        max_length=2000,
        error_messages=_asked("Add a next action."),
    )
    next_action_due = DayField(label="By", error_messages=_asked("Enter the day it is due."))
    help_needed = forms.CharField(
        label="Help needed, and from whom",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    blocker = forms.CharField(
        label="Blocker: what is it, and who can remove it?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    evidence_url = forms.CharField(
        label="Evidence link",
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
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
        self.fields["actual"].widget = _value_input(key_result)
        self.fields["actual"].help_text = _previous(card, today=self.today)
        self.fields["confidence"].label = _belief(key_result, today=self.today)

    def focus_first(self) -> None:
        """For a form that opens with its page: its first field has the focus, script or not."""
        self.fields["actual"].widget.attrs["autofocus"] = True

    @property
    def today(self) -> dt.date:
        return self.card.engagement.today(self.now)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # Only to tell of everything at once: the command asks again, by the same function.
        if self.errors and "actual" in cleaned and not cleaned.get("confirm_range"):
            warning = outside_range(self.card.key_result, actual=cleaned["actual"])
            if warning:
                self.add_error("actual", ValidationError(warning, code="out_of_range"))
        return cleaned

    @property
    def content(self) -> dict[str, Any]:
        """What `record_check_in` takes of a valid form."""
        said = dict(self.cleaned_data)
        said["idempotency_key"] = said.pop("key")
        said["seconds_spent"] = self._seconds(said.pop("started"))
        return said

    @property
    def asks_to_confirm(self) -> bool:
        return self.has_error("actual", "out_of_range") or bool(self["confirm_range"].value())

    @property
    def is_wide(self) -> bool:
        """Whether help, blocker or evidence hold something to see."""
        return any(self[name].value() or self[name].errors for name in ASIDE)

    @property
    def preview(self) -> Preview | None:
        """What the value would say; None while there is none."""
        actual, confidence = self["actual"].value(), self["confidence"].value()
        if actual in (None, ""):
            return None
        return queries.preview(
            key_result=self.card.key_result,
            actual=actual,
            confidence=read_confidence(confidence),
            today=self.today,
        )

    def _seconds(self, started: str) -> int | None:
        if not started.isdecimal():
            return None
        seconds = int(self.now.timestamp()) - int(started[:12])
        return seconds if 0 <= seconds <= LONGEST_SITTING else None


class AnswerForm(forms.Form):
    """The answer to a help request."""

    answer = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=_asked("Write an answer."),
    )


def opening(card: DueCard, *, now: dt.datetime) -> dict[str, Any]:
    """What the form of a card shows when it opens: of a saved card its words, to be corrected."""
    today, previous = card.engagement.today(now), card.previous
    shown: dict[str, Any] = {
        "measured_on": today,
        "confidence": previous.confidence if previous else None,
        "next_action_due": card.next_action_due,
        "seen": card.latest_check_in_id,
        "key": uuid4(),
        "started": int(now.timestamp()),
    }
    if card.is_saved and previous is not None:
        shown |= {name: getattr(previous, name) for name in KEPT_IN_CORRECTION}
        shown["next_action_due"] = max(previous.next_action_due, today)
    return shown


def new_key() -> UUID:
    """An idempotency key for a form that goes out again."""
    return uuid4()


def read_confidence(text: object) -> int | None:
    """1 to 5 as it came in; None for anything else."""
    return int(str(text)) if str(text) in ("1", "2", "3", "4", "5") else None


def _value_input(key_result: KeyResult) -> forms.Widget:
    unit = key_result.metric.unit if key_result.metric else ""
    if unit == YES_NO:
        return forms.Select(choices=[("", "Choose"), ("1", "Yes"), ("0", "No")])
    return FigureInput(unit="%" if unit == "percent" else unit)


def _previous(card: DueCard, *, today: dt.date) -> str:
    if card.previous is None:
        return "No value yet."
    unit = card.key_result.metric.unit if card.key_result.metric else ""
    value = write_value(card.previous.actual, unit=unit)
    return f"Last {value}, {write_day(card.previous.measured_on, today=today)}."


def _belief(key_result: KeyResult, *, today: dt.date) -> str:
    unit = key_result.metric.unit if key_result.metric else ""
    goal = "it" if unit == YES_NO else write_value(key_result.target, unit=unit)
    by = ""
    if key_result.due_on is not None:
        by = f" by {write_day(key_result.due_on, today=today, weekday=False)}"
    return f"Confidence that {goal.replace(' ', NO_BREAK)} will be hit{by}"
