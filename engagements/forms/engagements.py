from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils import timezone

from engagements.edit_forms import EditForm, written
from engagements.form_fields import (
    ClockField,
    CountryField,
    DayField,
    LinesField,
    MemberField,
    TextField,
    ZoneField,
)
from engagements.locales import locale_choices
from engagements.models import Cadence, Engagement, Escalation, StatusPage
from engagements.models.engagements import Weekday, band_choices, guardrail_choices, scale_choices
from tenancy.text import comparable


class EngagementCreateForm(forms.Form):
    """The least that a new workspace needs; the rest has defaults in its settings."""

    client_name = TextField(
        max_length=120, label="Client", error_messages={"required": "Enter the client’s name."}
    )
    time_zone = ZoneField(help_text="Check-ins open, are due and close in the client’s time zone.")
    country = CountryField(help_text="Reminders skip its public holidays.")

    def __init__(self, data: Any = None, *, clients: list[str], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.clients = clients

    def clean_client_name(self) -> str:
        """Refuse a second engagement with the same client name, which people would mix up."""
        name: str = self.cleaned_data["client_name"]
        for client in self.clients:
            if comparable(client) == comparable(name):
                raise forms.ValidationError(
                    f"You’re already in an engagement with {client}. Add a word to tell them apart,"
                    " such as a region."
                )
        return name


class SettingsForm(EditForm):
    groups: ClassVar = {
        "Client": ("client_name", "time_zone", "country", "locale"),
        "Direction": ("vision", "strategy_themes"),
        "Owners": ("workflow_owner", "context_owner"),
        "Check-ins": ("cadence", "due_weekday", "due_time", "opens_days_before"),
        "Scores and rules": ("scale", "bands", "guardrails"),
        "Escalations": ("escalation", "pauses_weekends"),
        "What clients see": ("status_page", "shows_owners"),
    }
    error_fields: ClassVar = {"bands_frozen": "bands"}

    client_name = TextField(
        max_length=120,
        label="Client",
        help_text="Shown to everyone, on pages and in emails.",
        error_messages={"required": "Enter the client’s name."},
    )
    time_zone = ZoneField(
        help_text="Check-ins open, are due and close in the client’s time zone. Each person sees"
        " times in their own."
    )
    country = CountryField(help_text="Reminders skip its public holidays.")
    locale = forms.ChoiceField(
        required=False,
        label="Numbers",
        help_text="How forms write them. You can type them in any other way too.",
    )
    vision = TextField(
        required=False,
        max_length=2000,
        label="Vision",
        help_text="What the work is for. Members can read it here.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    strategy_themes = LinesField(
        longest=200,
        max_length=4000,
        required=False,
        label="Strategy themes",
        help_text="One a line. Annual objectives follow from them.",
    )
    workflow_owner = MemberField(
        required=False,
        empty_label="The program leads",
        label="Workflow owner",
        help_text="Makes sure that check-ins and reviews take place.",
    )
    context_owner = MemberField(
        required=False,
        empty_label="The program leads",
        label="Context owner",
        help_text="Records what was learned and brings it to the next planning.",
    )
    cadence = forms.ChoiceField(
        choices=Cadence.choices,
        label="Cadence",
        help_text="How often check-ins are due. Changing this doesn’t affect past check-ins.",
    )
    due_weekday = forms.TypedChoiceField(
        choices=Weekday.choices,
        coerce=int,
        label="Due on",
        help_text="Owners get a reminder on the working day before.",
    )
    due_time = ClockField(label="Due at", help_text="After that, a check-in is late.")
    opens_days_before = forms.IntegerField(
        min_value=0,
        max_value=7,
        label="Opens days before",
        help_text="From midnight that day, the card is on My week.",
    )
    scale = forms.ChoiceField(
        choices=scale_choices,
        label="Scale",
        help_text="How scores are shown, to you and to clients. The scores themselves don’t change.",
    )
    bands = forms.ChoiceField(
        choices=band_choices,
        widget=forms.Select(attrs={"data-wide": True}),
        label="RAG bands",
        help_text="Which scores are red, amber or green. They can’t change once the first cycle has"
        " started, so that old scores keep their color.",
    )
    guardrails = forms.ChoiceField(
        choices=guardrail_choices,
        widget=forms.Select(attrs={"data-wide": True}),
        label="Guardrails",
        help_text="How much a cycle may hold. Drafts over the limit get a hint and can’t be committed.",
    )
    escalation = forms.ChoiceField(
        choices=Escalation.choices,
        label="Red for two weeks",
        help_text="A key result is only early if its pace is low, but confidence is 3 or more and"
        " nothing blocks it. It is watched, and no huddle is called.",
    )
    pauses_weekends = forms.BooleanField(
        required=False,
        label="Pause deadlines at weekends",
        help_text="A huddle is due within 48 hours. Deadlines already set don’t change.",
    )
    status_page = forms.ChoiceField(
        choices=StatusPage.choices,
        label="Status page",
        help_text="What viewers and people with a share link see.",
    )
    shows_owners = forms.BooleanField(
        required=False,
        label="Owners’ names on the status page",
        help_text="Of objectives, key results and decisions. Published reports don’t change.",
    )

    def __init__(
        self, data: Any = None, *, engagement: Engagement, row: models.Model | None = None
    ) -> None:
        super().__init__(data, engagement=engagement, row=row or engagement)
        locales = locale_choices(country=engagement.country)
        self.fields["locale"].choices = locales  # type: ignore[attr-defined]
        start = engagement.bands_frozen_on
        if engagement.bands_are_frozen(today=engagement.today(timezone.now())) and start:
            self.fields["bands"].disabled = True
            self.fields["bands"].help_text = (
                f"Fixed since the first cycle started on {day(start)}, so that old scores keep their"
                " color."
            )

    def facts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the settings as text, for members who can only read them."""
        return [
            (heading, [(str(field.label), written(field)) for field in fields])
            for heading, fields in self.sections()
        ]


def day(date: dt.date) -> str:
    return f"{date.day} {date:%B %Y}"


class ShareLinkForm(EditForm):
    """The recipient of a link, and its last day; the address of a link stays."""

    error_fields: ClassVar = {
        "label_missing": "label",
        "expiry_past": "expires_on",
        "expiry_far": "expires_on",
    }

    label = TextField(
        max_length=120, label="Recipient", error_messages={"required": "Enter who gets the link."}
    )
    expires_on = DayField(
        label="Works until",
        help_text="Until the end of that day in the client’s time zone, two years at most.",
    )
