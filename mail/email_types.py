"""The kinds of email, which apps above register in `AppConfig.ready`, and the text of one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unicodedata import bidirectional, category

from django.utils.text import Truncator

Payload = dict[str, Any]

SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # but those that do not break
# They would turn the words around them: overrides, embeddings and isolates.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True)
class Mail:
    """The content of one message; `html` and further `headers` are optional."""

    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Render = Callable[[Payload], Mail | None]


@dataclass(frozen=True)
class Kind:
    """A type of message: how to write it, whether it is still valid, and its follow-ups."""

    render: Render
    still_holds: Callable[[Payload], bool]
    on_sent: Callable[[Payload], None]
    on_dead: Callable[[Payload, str], None]
    on_revived: Callable[[Payload], None]
    forget: bool


class UnknownKindError(LookupError):
    """A message whose kind no app has registered."""


class SentBefore(Exception):
    """`render` may raise it where `on_sent` has done its work: only the mark was lost."""


class NotNow(Exception):
    """`render` may raise it where this is no time for its recipient: the message waits `until`."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"Not before {until}.")


def always(payload: Payload) -> bool:
    return True


def nothing(payload: Payload, error: str = "") -> None:
    """Nothing follows."""


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    *,
    render: Render,
    still_holds: Callable[[Payload], bool] = always,
    on_sent: Callable[[Payload], None] = nothing,
    on_dead: Callable[[Payload, str], None] = nothing,
    on_revived: Callable[[Payload], None] = nothing,
    forget: bool = False,
) -> None:
    """Register how messages of `kind` are written, at the moment they are sent.

    All functions get the payload, run as the application's role and open their own scope.
    `still_holds` and `render` share a transaction; if one returns False or None, the message is
    cancelled. `on_sent` and `on_dead` (with the last error) run in one of their own before the end
    is marked, so they may run twice; `on_revived` likewise, before a dead message is sent after
    all. `forget` empties the payload at the end: for secrets.

    Raises ValueError for a name that is taken.
    """
    if kind in _kinds:
        raise ValueError(f"The kind “{kind}” is registered already.")
    _kinds[kind] = Kind(
        render=render,
        still_holds=still_holds,
        on_sent=on_sent,
        on_dead=on_dead,
        on_revived=on_revived,
        forget=forget,
    )


def forgets(kind: str) -> bool:
    return kind in _kinds and _kinds[kind].forget


def find(kind: str) -> Kind:
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKindError(f"No app has registered the kind “{kind}”.") from None


def one_line(text: str, *, most: int = 0) -> str:
    """Return the text on one line without control characters, cut after `most` characters.

    So user input can't imitate a line of the message or reverse its direction.
    """
    line = "".join(c for c in SPACES.sub(" ", str(text)).strip() if not _is_control(c))
    return Truncator(line).chars(most) if most else line


def _is_control(character: str) -> bool:
    return category(character) == "Cc" or bidirectional(character) in TURNING
