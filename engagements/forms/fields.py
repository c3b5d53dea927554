from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms

from engagements.locations import city, countries, time_zones


class ZoneField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": time_zones, "label": "Time zone", **kwargs})

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        now = form.get_initial_for_field(self, field_name)
        if now and not self.valid_value(now):  # an old name of a zone, from before or an import
            self.choices = [*time_zones(), ("Now", [(now, city(now))])]
        return super().get_bound_field(form, field_name)


class CountryField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": countries, "label": "Country", **kwargs})


class ClockField(forms.TimeField):
    """A time of day to the minute."""

    default_error_messages: ClassVar = {
        "required": "Enter a time, for example 09:00.",
        "invalid": "Enter a time, for example 09:00.",
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TimeInput(attrs={"type": "time"})
        super().__init__(**{"widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, dt.time) else value


class LinesField(forms.CharField):
    """A short list, one entry a line."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": 4}), **kwargs})
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if any(len(line) > self.longest for line in lines):
            raise forms.ValidationError(f"Keep each line within {self.longest} characters.")
        return lines
