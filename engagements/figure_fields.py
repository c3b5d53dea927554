"""The form field of figures: it reads any usual notation and asks where a figure is unclear."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.figures import FigureError, distance_question, read_figure
from engagements.locales import DEFAULT_LOCALE, figure_text, plain_figure

MOST_DIGITS, MOST_PLACES = 20, 6  # as the columns have them


class TypedFigure(str):
    """The text of a figure, the name of its input, and the value that was confirmed, or ""."""

    name = ""
    confirmed = ""

    @classmethod
    def of(cls, text: str, *, name: str, confirmed: str) -> TypedFigure:
        typed = cls(text)
        typed.name, typed.confirmed = name, confirmed
        return typed


class NumberInput(forms.TextInput):
    """A text input with a numeric keypad; a hidden one keeps the value that was confirmed."""

    template_name = "django/forms/widgets/number.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the answer to a question, if a button sends one, else what was typed."""
        text = super().value_from_datadict(data, files, name)
        answer = data.get(f"answer_{name}")
        confirmed = answer or data.get(f"confirmed_{name}", "")
        text = answer or text
        return None if text is None else TypedFigure.of(text, name=name, confirmed=confirmed)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["confirmed"] = getattr(value, "confirmed", "")
        return context


class FigureInput(NumberInput):
    """A large number with its unit."""

    template_name = "django/forms/widgets/figure.html"

    def __init__(self, *, unit: str = "", attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "input-figure", **(attrs or {})})
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context


class FigureField(forms.CharField):
    """A figure, read and written in the locale and unit that the form sets.

    `near` has the values that settle a lone separator, by name, the last value first. With
    `asks_distance` the field asks about a value far off from them, too; `note` adds to that
    question what else speaks against a value.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": NumberInput, "max_length": 60, **kwargs})
        self.locale, self.unit = DEFAULT_LOCALE, ""
        self.near: dict[str, Decimal] = {}
        self.asks_distance = False
        self.note: Callable[[Decimal], str] | None = None

    def set_near(self, **values: Decimal | None) -> None:
        """Set what a figure is likely near to; nothing is near zero."""
        self.near = {name.replace("_", " "): value for name, value in values.items() if value}

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            number = read_figure(
                text, locale=self.locale, unit=self.unit, near=[*self.near.values()]
            )
            question = self.question(number)
            if question and getattr(value, "confirmed", "") != plain_figure(number):
                raise question
        except FigureError as error:
            error.name = getattr(value, "name", "")
            raise
        self._check_size(number)
        return number

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, or a confirmed value as the field writes it."""
        confirmed = getattr(data, "confirmed", "")
        if not confirmed:
            return data
        return TypedFigure.of(self.rewrite(data), name=data.name, confirmed=confirmed)

    def rewrite(self, text: Any) -> Any:
        """Return a text as the field writes its figure: "12.5" and "12,50" are the same."""
        try:
            return self.prepare_value(self.clean(text))
        except ValidationError:
            return text

    def prepare_value(self, value: Any) -> Any:
        return figure_text(value, locale=self.locale) if isinstance(value, Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))

    def question(self, number: Decimal) -> FigureError | None:
        """Return the question about a number that is far off, or None."""
        if not self.asks_distance:
            return None
        note = self.note(number) if self.note else ""
        return distance_question(
            number, near=self.near, locale=self.locale, unit=self.unit, note=note
        )

    def _check_size(self, number: Decimal) -> None:
        if number.adjusted() >= MOST_DIGITS - MOST_PLACES or round(number, MOST_PLACES) != number:
            raise ValidationError(
                f"Enter at most {MOST_DIGITS - MOST_PLACES} digits before the point"
                f" and {MOST_PLACES} after it.",
                code="too_long",
            )
