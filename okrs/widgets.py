"""Form controls: a number with its unit, the confidence scale, choices side by side."""

from __future__ import annotations

from typing import Any

from django import forms


class FigureInput(forms.TextInput):
    """A large number with its unit, and a numeric keypad on phones."""

    template_name = "django/forms/widgets/figure.html"

    def __init__(self, *, unit: str = "", attrs: dict[str, Any] | None = None) -> None:
        own = {"class": "input-figure", "inputmode": "decimal", "autocomplete": "off"}
        super().__init__({**own, **(attrs or {})})
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context


class ScaleInput(forms.RadioSelect):
    """A short scale in one row: it shows values, names both ends and reads labels out."""

    template_name = "django/forms/widgets/scale.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        options = [option for _, group, _ in context["widget"]["optgroups"] for option in group]
        context["widget"]["ends"] = [
            str(option["label"]).lower() for option in (options[:1] + options[-1:])
        ]
        return context


class SegmentInput(forms.RadioSelect):
    """Two or three choices side by side, as buttons."""

    template_name = "django/forms/widgets/segments.html"
