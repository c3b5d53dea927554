from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.models import User
from engagements.edit_forms import EditForm
from engagements.models import Role

ROLES = [
    (Role.VIEWER, "Viewer: reads status pages, nothing else"),
    (Role.CONTRIBUTOR, "Contributor: drafts and checks in"),
    (Role.CHAMPION, "Champion: also passes the quality gate"),
    (Role.LEAD, "Program lead: also members, settings, cycles"),
    (Role.SPONSOR, "Sponsor: reads everything, decides escalations"),
]


class InviteForm(forms.Form):
    """The person to invite, and their role."""

    error_fields: ClassVar = {"already_member": "email"}

    name = forms.CharField(max_length=120, label="Name")
    email = forms.EmailField(max_length=254, label="Email address")
    role = forms.ChoiceField(choices=ROLES, initial=Role.CONTRIBUTOR, label="Role")


class PlaceholderForm(EditForm):
    """Who is meant, until they join and see to it themselves."""

    error_fields: ClassVar = {"already_member": "email", "was_member": "email"}

    name = forms.CharField(max_length=120, label="Name")
    email = forms.EmailField(
        max_length=254,
        label="Email address",
        help_text="If you change the address, the old invitation stops working and a new one is sent.",
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices, label="Role")


class AcceptForm(forms.Form):
    """Name and password of a new account; the invitation knows its address."""

    name = forms.CharField(
        max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
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
