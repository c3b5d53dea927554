from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from engagements.edit_forms import GroupedForm
from engagements.form_fields import TextField
from engagements.forms.members import ROLES
from engagements.models import Role
from tenancy.text import address_key

MOST = 50
LONGEST = 254  # characters of an address
MOST_ERRORS = 20  # lines that one answer names
TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"
    | <\s*(?P<address>[^<>\s][^<>]*)>
    | (?P<end>[,;])
    | (?P<word><?[^\s,;<"]+|<)
    """,
    re.VERBOSE,
)
ROLES_BY_NAME = {name.lower(): Role(role) for role, label in Role.choices for name in (role, label)}

Person = tuple[str, str]  # name, which may be empty, and address


class InviteManyForm(GroupedForm):
    """Addresses as they are copied from a mail or a sheet, and one role for all of them."""

    error_fields: ClassVar = {"already_member": "people"}

    people = TextField(
        max_length=20_000,
        label="Addresses",
        help_text="One a line, with or without a name: Ana Lopez, ana@client.com. Or addresses"
        " alone, separated by commas or spaces.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        error_messages={"required": "Enter at least one address."},
    )
    role = forms.ChoiceField(choices=ROLES, initial=Role.CONTRIBUTOR, label="Role for all of them")

    def clean_people(self) -> dict[str, str]:
        """Name by lower-case address; the first lines that cannot be read are named."""
        people: dict[str, str] = {}
        lines = list(read_lines(self.cleaned_data["people"]))
        if wrong := [refusal for line in lines if (refusal := _refusal(line))]:
            raise ValidationError(_first(wrong))
        for line in lines:
            for name, address in line.people:
                people.setdefault(address_key(address), (name or name_of(address))[:120])
        if not people:
            raise ValidationError(self.fields["people"].error_messages["required"])
        if len(people) > MOST:
            raise ValidationError(
                f"{len(people)} people are too many. Invite at most {MOST} at once."
            )
        self.named_roles = {line.number: line.role for line in lines if line.role}
        return people

    def clean(self) -> dict[str, Any]:
        """Refuse lines that name a role other than the chosen one."""
        data = super().clean() or self.cleaned_data
        if "people" in data and "role" in data:
            chosen = Role(data["role"])
            other = {number: role for number, role in self.named_roles.items() if role != chosen}
            wrong = [
                f"Line {number} says {role.label}, but the role for all is {chosen.label}."
                " Invite each role by itself."
                for number, role in other.items()
            ]
            if wrong:
                self.add_error("people", ValidationError(_first(wrong)))
        return data


def _first(errors: list[str]) -> list[str]:
    """Return the first errors, and the number of the others."""
    more = len(errors) - MOST_ERRORS
    return [*errors[:MOST_ERRORS], f"And {more} more."] if more > 0 else errors


def _refusal(line: PastedLine) -> str:
    """Return the errors of the line as one message, empty if there are none."""
    wrong = [text for _, text in line.people if not _is_address(text)]
    sentences = []
    if wrong or not line.people:
        sentences.append(f"{_shown(wrong or line.strays)} is not an email address.")
    if line.people and line.strays:
        sentences.append(
            f"{_shown(line.strays)} has no address. Enter one person a line, name first."
        )
    sentences += [
        f"{_shown([text])} has {len(address_key(text))} characters. The limit is {LONGEST}."
        for _, text in line.people
        if text not in wrong and len(address_key(text)) > LONGEST
    ]
    return f"Line {line.number}: {' '.join(sentences)}" if sentences else ""


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _shown(texts: list[str]) -> str:
    text = ", ".join(texts)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def name_of(address: str) -> str:
    """Derive a name from an address: ana.lopez@client.com is Ana Lopez."""
    words = re.split(r"[^\w]+|_", address.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word) or address


@dataclass
class PastedLine:
    """The people in one line; `strays` are texts that belong to no address."""

    number: int
    people: list[Person] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    is_quoted: bool = False
    is_address: bool = False


def read_lines(text: str) -> Iterator[PastedLine]:
    """Read each line with text: one person with a name and perhaps a role, or addresses."""
    for number, line in enumerate(text.split("\n"), start=1):
        parts = _parts(line)
        if not any(parts):
            continue
        words = [word for part in parts for word in part]
        if sum(word.is_address for word in words) == 1:
            yield _one(number, parts)
        else:
            yield _several(number, parts)


def _parts(line: str) -> list[list[Word]]:
    """Split the line into words, grouped by commas and semicolons."""
    parts: list[list[Word]] = [[]]
    unnamed = 0  # the first word of the part since its last <address>
    for token in TOKEN.finditer(line):
        part = parts[-1]
        if token["end"]:
            parts.append([])
            unnamed = 0
        elif (address := token["address"]) is not None:
            # Before an <address>, a text in quotes is always a name.
            part[unnamed:] = [
                Word(word.text, word.is_quoted, word.is_address and not word.is_quoted)
                for word in part[unnamed:]
            ]
            part.append(Word(address.strip(), is_address=True))
            unnamed = len(part)
        elif text := " ".join((token["quoted"] or token["word"] or "").split()):
            is_quoted = token["word"] is None
            part.append(Word(text, is_quoted, "@" in text and " " not in text))
    return parts


def _one(number: int, parts: list[list[Word]]) -> PastedLine:
    """Name, address and role, however they are parted: Bo Kern, bo@client.com, contributor."""
    before: list[str] = []
    after: list[str] = []
    address = ""
    for part in parts:
        at = next((at for at, word in enumerate(part) if word.is_address), None)
        if at is None:
            (after if address else before).append(_text_of(part))
        else:
            before.append(_text_of(part[:at]))
            address = part[at].text
            after.append(_text_of(part[at + 1 :]))
    rest = [text for text in after if text]
    role = ROLES_BY_NAME.get(rest[0].lower()) if len(rest) == 1 else None
    name = ", ".join(text for text in before if text).strip("'")
    return PastedLine(number, [(name, address)], [] if role else rest, role)


def _several(number: int, parts: list[list[Word]]) -> PastedLine:
    """Read several addresses, each with the words before it as a name."""
    line = PastedLine(number)
    for part in parts:
        name: list[Word] = []
        for word in part:
            if word.is_address:
                line.people.append((_text_of(name).strip("'"), word.text))
                name = []
            else:
                name.append(word)
        if name:
            line.strays.append(_text_of(name))
    return line


def _text_of(words: list[Word]) -> str:
    return " ".join(word.text for word in words)
