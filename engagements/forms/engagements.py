from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils import timezone

from engagements.edit_forms import EditForm, written
from engagements.form_fields import MemberField
from engagements.forms.fields import ClockField, CountryField, LinesField, ZoneField
from engagements.models import (
    Cadence,
    Engagement,
    Escalation,
    StatusPage,
)
from engagements.models.engagements import (
    Weekday,
    band_choices,
    guardrail_choices,
    scale_choices,
)


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
        "Owners": ("workflow_owner", "context_owner"),
        "Check-ins": ("cadence", "due_weekday", "due_time", "opens_days_before"),
        "Scores and rules": ("scale", "bands", "guardrails"),
        "Escalations": ("escalation", "pauses_weekends"),
        "What clients see": ("status_page", "shows_owners"),
    }
    mended_in: ClassVar = {"bands_frozen": "bands"}

    client_name = forms.CharField(
        max_length=120, label="Client", help_text="Everybody reads it, on pages and in mails."
    )
    time_zone = ZoneField(
        help_text="Check-ins open, are due and close on the client’s clock. Each person still"
        " reads times on their own."
    )
    country = CountryField(help_text="Its public holidays are no working days for reminders.")
    vision = forms.CharField(
        required=False,
        max_length=2000,
        label="Vision",
        help_text="What all of it is for. Members read it here.",
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
        help_text="Sees to it that check-ins and reviews take place. Named here, for all members.",
    )
    context_owner = MemberField(
        required=False,
        empty_label="The program leads",
        label="Context owner",
        help_text="Keeps what was learned, and brings it to the next planning.",
    )
    cadence = forms.ChoiceField(
        choices=Cadence.choices,
        label="Cadence",
        help_text="How often key results ask their owners for a check-in. Another rhythm asks for"
        " nothing that was due before the change.",
    )
    due_weekday = forms.TypedChoiceField(
        choices=Weekday.choices,
        coerce=int,
        label="Due on",
        help_text="Owners are reminded on the working day before.",
    )
    due_time = ClockField(label="Due at", help_text="Later than that a card is late.")
    opens_days_before = forms.IntegerField(
        min_value=0,
        max_value=7,
        label="Opens, days before",
        help_text="At midnight. From then on the card stands on My week.",
    )
    scale = forms.ChoiceField(
        choices=scale_choices,
        label="Scale",
        help_text="How scores are shown, on every screen and to clients. No score changes.",
    )
    bands = forms.ChoiceField(
        choices=band_choices,
        widget=forms.Select(attrs={"data-wide": True}),
        label="RAG bands",
        help_text="Which scores are red, amber, green. Fixed once the first cycle begins, so that"
        " old scores keep their colour.",
    )
    guardrails = forms.ChoiceField(
        choices=guardrail_choices,
        widget=forms.Select(attrs={"data-wide": True}),
        label="Guardrails",
        help_text="How much a cycle may hold: a hint in draft, a block at commit.",
    )
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
    shows_owners = forms.BooleanField(
        required=False,
        label="Owners’ names on the status page",
        help_text="Of objectives, key results and decisions. Reports that are published keep the"
        " names they have.",
    )

    def __init__(
        self, data: Any = None, *, engagement: Engagement, row: models.Model | None = None
    ) -> None:
        super().__init__(data, engagement=engagement, row=row or engagement)
        start = engagement.bands_frozen_on
        if engagement.bands_are_frozen(today=engagement.today(timezone.now())) and start:
            self.fields["bands"].disabled = True
            self.fields["bands"].help_text = (
                f"Fixed since the first cycle began on {day(start)}, so that old scores keep their"
                " colour."
            )

    def facts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The settings in words, for those who only read them."""
        return [
            (heading, [(str(field.label), written(field)) for field in fields])
            for heading, fields in self.sections()
        ]


def day(date: dt.date) -> str:
    return f"{date.day} {date:%B %Y}"
