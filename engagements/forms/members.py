from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import QueryDict

from accounts.models import Theme, User
from engagements.commands.handing_over import GONE
from engagements.edit_forms import EditForm, GroupedForm
from engagements.form_fields import (
    ClockField,
    EmailField,
    MemberField,
    TextField,
    ZoneField,
    choose_among,
)
from engagements.holdings import Leaver
from engagements.models import Membership, Role

ROLES = [
    (Role.VIEWER, "Viewer: reads status pages, nothing else"),
    (Role.CONTRIBUTOR, "Contributor: drafts and checks in"),
    (Role.CHAMPION, "Champion: also passes the quality gate"),
    (Role.LEAD, "Program lead: also members, settings, cycles"),
    (Role.SPONSOR, "Sponsor: reads everything, decides escalations"),
]
NO_NAME = {"required": "Enter a name."}
NO_ADDRESS = {"required": "Enter an email address."}


class InviteForm(forms.Form):
    error_fields: ClassVar = {"already_member": "email"}

    name = TextField(max_length=120, label="Name", error_messages=NO_NAME)
    email = EmailField(max_length=254, label="Email address", error_messages=NO_ADDRESS)
    role = forms.ChoiceField(choices=ROLES, initial=Role.CONTRIBUTOR, label="Role")


class PlaceholderForm(EditForm):
    """Who is meant, until they join and see to it themselves."""

    error_fields: ClassVar = {"already_member": "email", "was_member": "email"}

    name = TextField(max_length=120, label="Name", error_messages=NO_NAME)
    email = EmailField(
        max_length=254,
        label="Email address",
        error_messages=NO_ADDRESS,
        help_text="If you change the address, the old invitation stops working and a new one is sent.",
    )

    @classmethod
    def shown(cls, row: Model) -> dict[str, Any]:
        shown = super().shown(row)
        is_unknown = isinstance(row, Membership) and not row.has_address
        return {**shown, "email": ""} if is_unknown else shown


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices, label="Role")


class HandOverForm(forms.Form):
    """Items of someone who left, all of them ticked, and who takes them over."""

    items = forms.MultipleChoiceField(
        error_messages={"required": "Tick at least one item.", "invalid_choice": GONE}
    )
    to = MemberField(label="Hand over to", empty_label="Choose")

    def __init__(
        self, data: QueryDict, *, leaver: Leaver, colleagues: QuerySet[Membership]
    ) -> None:
        row = leaver.membership
        is_theirs = data.get("leaver") == row.public_id
        super().__init__(
            data if is_theirs else None, auto_id=f"{row.public_id}-%s", use_required_attribute=False
        )
        self.leaver = leaver
        tokens = [item.token for _, items in leaver.groups for item in items]
        self.fields["items"].choices = [(token, token) for token in tokens]  # type: ignore[attr-defined]
        self.ticked = set(data.getlist("items") if is_theirs else tokens)
        choose_among(self, to=colleagues)
        # Several forms on a page share the list.
        people = [("", "Choose"), *((one.public_id, one.name) for one in colleagues)]
        self.fields["to"].choices = people  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    """Name and password of a new account; the invitation knows its address."""

    name = TextField(
        max_length=120,
        label="Your name",
        error_messages=NO_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        max_length=1000,
        label="Password",
        strip=False,
        help_text="At least 12 characters. Avoid common passwords.",
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

    name = TextField(
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


class AddressForm(forms.Form):
    """A new address, and the password that shows who asks."""

    error_fields: ClassVar = {"same": "email"}

    email = EmailField(
        max_length=254,
        label="New email address",
        help_text="We’ll email a link there to confirm it. Nothing changes until you follow the link.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        max_length=1000,
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> None:
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError("Wrong password.", code="wrong")

    def clean(self) -> dict[str, Any]:
        """Drop the password, which the command doesn't take."""
        data = super().clean() or self.cleaned_data
        data.pop("password", None)
        return data
