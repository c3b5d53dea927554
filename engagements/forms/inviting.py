from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from engagements.edit_forms import GroupedForm
from engagements.forms.members import ROLES
from engagements.models import Role

MOST = 50
WITH_NAME = re.compile(r"([^<>]*)<([^<>]*)>")


class InviteManyForm(GroupedForm):
    """Addresses as they are copied from a mail or a sheet, and one role for all of them."""

    mended_in: ClassVar = {"already_member": "people"}

    people = forms.CharField(
        max_length=20_000,
        label="Addresses",
        help_text="One a line, or with commas between. A name may stand before:"
        " Ana Lopez <ana@client.com>.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        error_messages={"required": "Write at least one address."},
    )
    role = forms.ChoiceField(choices=ROLES, initial=Role.CONTRIBUTOR, label="Role of all of them")

    def clean_people(self) -> dict[str, str]:
        """Name by lower-case address; every address that is none is named."""
        people: dict[str, str] = {}
        wrong = []
        for name, text in read_people(self.cleaned_data["people"]):
            try:
                validate_email(text)
            except ValidationError:
                wrong.append(ValidationError(f"“{text[:60]}” is no email address."))
                continue
            people.setdefault(text.lower(), (name or name_of(text))[:120])
        if wrong:
            raise ValidationError(wrong)
        if len(people) > MOST:
            raise ValidationError(f"These are {len(people)}. Invite at most {MOST} at once.")
        return people


def read_people(text: str) -> Iterator[tuple[str, str]]:
    """Name and address of each; the name may be empty."""
    for line in re.split(r"[\n;]+", text):
        if "<" in line:
            for name, address in WITH_NAME.findall(line):
                yield " ".join(name.strip(" ,\t\r\"'").split()), address.strip()
        else:
            yield from (("", address) for address in re.split(r"[\s,]+", line) if address)


def name_of(address: str) -> str:
    """What somebody is called until they say so: ana.lopez@client.com is Ana Lopez."""
    words = re.split(r"[^\w]+|_", address.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word) or address
