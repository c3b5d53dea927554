"""People as they are copied from a mail or a sheet, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engagements.models import Role

TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"
    | <\s*(?P<address>[^<>\s][^<>]*)>
    | (?P<end>[,;])
    | (?P<word><?[^\s,;<"]+|<)
    """,
    re.VERBOSE,
)
ROLES = {name.lower(): Role(role) for role, label in Role.choices for name in (role, label)}

Person = tuple[str, str]  # name, which may be empty, and address


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
        elif said := " ".join((token["quoted"] or token["word"] or "").split()):
            is_quoted = token["word"] is None
            part.append(Word(said, is_quoted, "@" in said and " " not in said))
    return parts


def _one(number: int, parts: list[list[Word]]) -> PastedLine:
    """Name, address and role, however they are parted: Bo Kern, bo@client.com, contributor."""
    before: list[str] = []
    after: list[str] = []
    address = ""
    for part in parts:
        at = next((at for at, word in enumerate(part) if word.is_address), None)
        if at is None:
            (after if address else before).append(_said(part))
        else:
            before.append(_said(part[:at]))
            address = part[at].text
            after.append(_said(part[at + 1 :]))
    rest = [text for text in after if text]
    role = ROLES.get(rest[0].lower()) if len(rest) == 1 else None
    name = ", ".join(text for text in before if text).strip("'")
    return PastedLine(number, [(name, address)], [] if role else rest, role)


def _several(number: int, parts: list[list[Word]]) -> PastedLine:
    """Read several addresses, each with the words before it as a name."""
    line = PastedLine(number)
    for part in parts:
        name: list[Word] = []
        for word in part:
            if word.is_address:
                line.people.append((_said(name).strip("'"), word.text))
                name = []
            else:
                name.append(word)
        if name:
            line.strays.append(_said(name))
    return line


def _said(words: list[Word]) -> str:
    return " ".join(word.text for word in words)
