from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts.models import User


class AddressForm(forms.Form):
    """A new address, and the password that shows who asks."""

    error_fields: ClassVar = {"same": "email"}

    email = forms.EmailField(
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
