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
LONGEST = 254  # characters of an address
TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"\n]*)"
    | <\s*(?P<address>[^<>\s][^<>\n]*)>
    | (?P<end>[,;\n])
    | (?P<word><?[^\s,;<"]+|<)
    """,
    re.VERBOSE,
)


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
            if refusal := _refusal(text):
                wrong.append(refusal)
                continue
            people.setdefault(text.lower(), (name or name_of(text))[:120])
        if wrong:
            raise ValidationError(wrong)
        if not people:
            raise ValidationError(self.fields["people"].error_messages["required"])
        if len(people) > MOST:
            raise ValidationError(f"These are {len(people)}. Invite at most {MOST} at once.")
        return people


def read_people(text: str) -> Iterator[tuple[str, str]]:
    """Name and address of each; the name may be empty.

    Nothing is passed over: words that belong to no <address> are given as addresses themselves.
    """
    words: list[tuple[str, bool]] = []  # and whether they stood in quotes
    for token in TOKEN.finditer(text):
        if (address := token["address"]) is not None:
            ahead, name = _parted(words)
            yield from (("", word) for word in ahead)
            yield name, address.strip()
            words = []
        elif token["end"]:
            yield from (("", word) for word, _ in words)
            words = []
        elif said := " ".join((token["quoted"] or token["word"] or "").split()):
            words.append((said, token["word"] is None))
    yield from (("", word) for word, _ in words)


def _parted(words: list[tuple[str, bool]]) -> tuple[list[str], str]:
    """What stands before an <address>: up to the last bare address others, from there the name."""
    bare = [at for at, (word, quoted) in enumerate(words, start=1) if "@" in word and not quoted]
    cut = bare[-1] if bare else 0
    name = " ".join(word for word, _ in words[cut:])
    return [word for word, _ in words[:cut]], name.strip("'")


def _refusal(text: str) -> ValidationError | None:
    shown = f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
    try:
        validate_email(text)
    except ValidationError:
        return ValidationError(f"{shown} is no email address.")
    if (length := len(text.lower())) > LONGEST:
        return ValidationError(f"{shown} has {length} characters, the most is {LONGEST}.")
    return None


def name_of(address: str) -> str:
    """What somebody is called until they say so: ana.lopez@client.com is Ana Lopez."""
    words = re.split(r"[^\w]+|_", address.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word) or address
