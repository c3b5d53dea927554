from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db import models
from django.utils import timezone

from engagements.edit_forms import EditForm, GroupedForm, written
from engagements.models import (
    Cadence,
    Engagement,
    Escalation,
    GuardrailPreset,
    Role,
    StatusPage,
    Theme,
    User,
)
from engagements.models.engagements import Weekday, band_choices, scale_choices
from engagements.places import city, countries, time_zones

ROLES = [
    (Role.VIEWER, "Viewer: reads status pages, nothing else"),
    (Role.CONTRIBUTOR, "Contributor: drafts and checks in"),
    (Role.CHAMPION, "Champion: also passes the quality gate"),
    (Role.LEAD, "Program lead: also members, settings, cycles"),
    (Role.SPONSOR, "Sponsor: reads all, decides what is raised"),
]


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
        "required": "Give a time, such as 09:00.",
        "invalid": "Give a time, such as 09:00.",
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


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    mended_in: ClassVar = {"already_member": "email"}

    name = forms.CharField(max_length=120, label="Name")
    email = forms.EmailField(max_length=254, label="Email address")
    role = forms.ChoiceField(choices=ROLES, initial=Role.CONTRIBUTOR, label="Role")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices, label="Role")


class ShareLinkForm(forms.Form):
    """Who gets the link, and how long it works."""

    mended_in: ClassVar = {
        "label_missing": "label",
        "expiry_past": "expires_on",
        "expiry_far": "expires_on",
    }

    label = forms.CharField(max_length=120, label="For whom")
    expires_on = forms.DateField(
        label="Works until",
        help_text="To the end of that day on the client’s clock, two years ahead at most.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class AcceptForm(forms.Form):
    """What an account needs besides its address, which the invitation knows."""

    name = forms.CharField(
        max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 12 characters, none of the common ones.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, email: str, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if password := data.get("password"):
            try:
                validate_password(password, User(email=self.email, name=data.get("name", "")))
            except forms.ValidationError as refusal:
                self.add_error("password", refusal)
        return data


class EngagementCreateForm(forms.Form):
    """The least that a new workspace needs; the rest has defaults in its settings."""

    client_name = forms.CharField(max_length=120, label="Client")
    time_zone = ZoneField(help_text="Check-ins open, are due and close on the client’s clock.")
    country = CountryField(help_text="Its public holidays are no working days for reminders.")

    def __init__(self, data: Any = None, *, clients: list[str], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.clients = clients

    def clean_client_name(self) -> str:
        """Two walls with one name are mixed up: the second needs a word that tells them apart."""
        name: str = self.cleaned_data["client_name"]
        for client in self.clients:
            if client.casefold() == name.casefold():
                raise forms.ValidationError(
                    f"You already take part in {client}. Add a word that tells the two apart,"
                    " such as a region."
                )
        return name


class SettingsForm(EditForm):
    """What holds for the whole engagement."""

    groups: ClassVar = {
        "Client": ("client_name", "time_zone", "country"),
        "Direction": ("vision", "strategy_themes"),
        "Check-ins": ("cadence", "due_weekday", "due_time", "opens_days_before"),
        "Scores and rules": ("scale", "bands", "guardrails"),
        "Escalations": ("escalation", "pauses_weekends"),
        "Clients": ("status_page",),
    }
    mended_in: ClassVar = {"bands_frozen": "bands"}

    client_name = forms.CharField(max_length=120, label="Client")
    time_zone = ZoneField()
    country = CountryField(help_text="Its public holidays are no working days for reminders.")
    vision = forms.CharField(
        required=False,
        max_length=2000,
        label="Vision",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    strategy_themes = LinesField(
        longest=200, required=False, label="Strategy themes", help_text="One a line."
    )
    cadence = forms.ChoiceField(
        choices=Cadence.choices,
        label="Cadence",
        help_text="Another rhythm asks for nothing that was due before the change.",
    )
    due_weekday = forms.TypedChoiceField(choices=Weekday.choices, coerce=int, label="Due on")
    due_time = ClockField(label="Due at")
    opens_days_before = forms.IntegerField(
        min_value=0,
        max_value=7,
        label="Opens, days before",
        help_text="At midnight.",
    )
    scale = forms.ChoiceField(
        choices=scale_choices, label="Scale", help_text="How scores are shown, on every screen."
    )
    bands = forms.ChoiceField(choices=band_choices, label="RAG bands")
    guardrails = forms.ChoiceField(choices=GuardrailPreset.choices, label="Guardrails")
    escalation = forms.ChoiceField(
        choices=Escalation.choices,
        label="Red for two weeks",
        help_text="What is merely early is watched, without a huddle: pace is low, confidence 3 or"
        " more, and nothing blocks it.",
    )
    pauses_weekends = forms.BooleanField(
        required=False,
        label="Clocks that count hours stand still at weekends",
        help_text="A huddle is due within 48 hours. Clocks that run already stay as they are.",
    )
    status_page = forms.ChoiceField(
        choices=StatusPage.choices,
        label="Status page",
        help_text="What viewers and holders of a share link see.",
    )

    def __init__(
        self, data: Any = None, *, engagement: Engagement, row: models.Model | None = None
    ) -> None:
        super().__init__(data, engagement=engagement, row=row or engagement)
        start = engagement.bands_frozen_on
        if engagement.bands_are_frozen(today=engagement.today(timezone.now())) and start:
            self.fields["bands"].disabled = True
            self.fields["bands"].help_text = f"Fixed since the first cycle began on {day(start)}."

    def facts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The settings in words, for those who only read them."""
        return [
            (heading, [(str(field.label), written(field)) for field in fields])
            for heading, fields in self.sections()
        ]


class ProfileForm(GroupedForm):
    """How a person is called, what they see and what they are told; the same for every client."""

    groups: ClassVar = {
        "You": ("name", "time_zone", "theme", "shortcuts"),
        "What you are told": (
            "message_at",
            "quiet_from",
            "quiet_until",
            "wants_reminders",
            "wants_digests",
        ),
    }
    mended_in: ClassVar = {"message_in_quiet_hours": "message_at"}

    name = forms.CharField(
        max_length=120, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    time_zone = ZoneField(help_text="Times are shown on this clock, and mails keep to it.")
    theme = forms.ChoiceField(choices=Theme.choices, label="Theme", widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(required=False, label="Keyboard shortcuts")
    message_at = ClockField(
        label="Mail of the day",
        help_text="One, Monday to Friday, for all your clients. Outside your quiet hours.",
    )
    quiet_from = ClockField(label="Quiet from")
    quiet_until = ClockField(label="Quiet until", help_text="The same time twice: no quiet hours.")
    wants_reminders = forms.BooleanField(
        required=False,
        label="Reminders",
        help_text="Before a check-in is due, and once when it is late.",
    )
    wants_digests = forms.BooleanField(
        required=False,
        label="Digests",
        help_text="What is at risk or late on Fridays, missed check-ins, and how escalations end.",
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], is_told: bool = True) -> None:
        """Whom nothing is told (`is_told`) is not asked when: what was set stays."""
        super().__init__(data, initial=initial)
        if not is_told:
            for name in self.groups["What you are told"]:
                del self.fields[name]


def day(date: dt.date) -> str:
    return f"{date.day} {date:%B %Y}"
