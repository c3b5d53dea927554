from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts.models import Theme
from engagements.edit_forms import GroupedForm
from engagements.forms.fields import ClockField, ZoneField


class ProfileForm(GroupedForm):
    """A person's name, display and notifications, the same for every client."""

    groups: ClassVar = {
        "You": ("name", "time_zone", "theme", "shortcuts"),
        "Notifications": (
            "message_at",
            "quiet_from",
            "quiet_until",
            "wants_reminders",
            "wants_digests",
        ),
    }
    error_fields: ClassVar = {"message_in_quiet_hours": "message_at"}

    name = forms.CharField(
        max_length=120, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    time_zone = ZoneField(help_text="Times on screen and emails to you follow this time zone.")
    theme = forms.ChoiceField(choices=Theme.choices, label="Theme", widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(required=False, label="Keyboard shortcuts")
    message_at = ClockField(
        label="Daily email",
        help_text="One email, Monday to Friday, for all your clients. Choose a time outside your quiet hours.",
    )
    quiet_from = ClockField(label="Quiet from")
    quiet_until = ClockField(
        label="Quiet until", help_text="For no quiet hours, enter the same time twice."
    )
    wants_reminders = forms.BooleanField(
        required=False,
        label="Reminders",
        help_text="Before a check-in is due, and once when it is late.",
    )
    wants_digests = forms.BooleanField(
        required=False,
        label="Digests",
        help_text="At-risk and late items on Fridays, missed check-ins, and how escalations end.",
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], is_told: bool = True) -> None:
        """Leave out the notification settings of people who get none (`is_told` is false)."""
        super().__init__(data, initial=initial)
        if not is_told:
            for name in self.groups["Notifications"]:
                del self.fields[name]
