"""Form fields and controls that several apps use: days, time zones, members, choices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from engagements.models import Engagement, Membership, Role
from engagements.places import city, countries, current_zone, time_zones
from engagements.web_links import LONGEST_LINK, read_link
from tenancy.text import address_key, clean_text, one_line

FIRST_YEAR, LAST_YEAR = 1900, 2200  # dates are calculated beyond both ends of the input


class TextField(forms.CharField):
    """A text without invisible characters; in a field of one line every run of spaces is one."""

    def to_python(self, value: Any) -> str:
        clean = clean_text if isinstance(self.widget, forms.Textarea) else one_line
        return super().to_python(clean(value) if isinstance(value, str) else value) or ""


class EmailField(forms.EmailField):
    """An email address, as it is stored and compared."""

    def to_python(self, value: Any) -> str:
        return address_key(super().to_python(value) or "")


class DayField(forms.DateField):
    """A day, picked in the browser's own calendar or typed as 2026-03-31."""

    default_error_messages: ClassVar = {
        "invalid": "Enter a date, for example 2026-03-31.",
        "required": "Choose a day.",
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, **kwargs})

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class MomentField(forms.DateTimeField):
    """Day and time on the reader's clock, picked in the browser or typed as 2026-03-31T14:00."""

    default_error_messages: ClassVar = {
        "invalid": "Enter day and time, for example 2026-03-31T14:00.",
        "required": "Choose day and time.",
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget, **kwargs})

    def to_python(self, value: Any) -> dt.datetime | None:
        moment = super().to_python(value)
        if moment and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class LinkField(TextField):
    """The address of a page on the web or in an intranet."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "https://", "inputmode": "url"})
        # Above the limit of `read_link`, which says how to fix a long one.
        limits = {"required": False, "max_length": 2 * LONGEST_LINK}
        super().__init__(**{"widget": widget, **limits, **kwargs})

    def to_python(self, value: Any) -> str:
        return read_link(super().to_python(value) or "")


class RowField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of one row by its public id; `choose_among` sets the rows."""

    def __init__(self, *, label_of: Callable[[Any], str] = str, **kwargs: Any) -> None:
        super().__init__(queryset=None, to_field_name="public_id", **kwargs)
        self.label_of = label_of

    def to_python(self, value: Any) -> Any:
        refuse_nul(self, value)
        return super().to_python(value)

    def label_from_instance(self, obj: Model) -> str:
        return self.label_of(obj)


class MemberField(RowField):
    """One member who can own things."""

    def __init__(self, **kwargs: Any) -> None:
        errors = {"required": "Choose one person."}
        super().__init__(**{"empty_label": "No one yet", "error_messages": errors, **kwargs})


class MembersField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Any number of members, ticked in a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"widget": forms.CheckboxSelectMultiple, "required": False, **kwargs}
        super().__init__(queryset=None, to_field_name="public_id", **kwargs)

    def clean(self, value: Any) -> Any:
        for each in value or ():
            refuse_nul(self, each)
        return super().clean(value)


def refuse_nul(field: forms.Field, value: Any) -> None:
    """Refuse a choice with a NUL character, which PostgreSQL does not look for."""
    if isinstance(value, str) and "\0" in value:
        raise ValidationError(
            field.error_messages["invalid_choice"], code="invalid_choice", params={"value": ""}
        )


def choose_among(form: forms.Form, **querysets: QuerySet[Any]) -> None:
    """Set the choices of the fields with these names."""
    for name, queryset in querysets.items():
        field = form.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = queryset


def who_can_own(engagement: Engagement, *, named: list[Membership]) -> QuerySet[Membership]:
    """Members to choose from, and those named already, should they have left since."""
    here = Membership.objects.filter(engagement=engagement)
    able = Q(removed_at=None) & ~Q(role=Role.VIEWER)  # as `Membership.can_own`
    return here.filter(able | Q(pk__in=[person.pk for person in named]))


class ZoneField(forms.ChoiceField):
    """A time zone by today's name; an older name is read as today's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": time_zones, "label": "Time zone", **kwargs})

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        now = self.prepare_value(form.get_initial_for_field(self, field_name))
        if now and not self.valid_value(now):  # no place has it, such as Etc/GMT+5
            self.choices = [*time_zones(), ("Now", [(now, city(now))])]
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        return current_zone(value) if isinstance(value, str) else value

    def to_python(self, value: Any) -> str:
        return current_zone(super().to_python(value))


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


class LinesField(TextField):
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
