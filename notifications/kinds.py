"""The kinds of message. Upper apps register theirs in `AppConfig.ready`: this room knows none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Payload = dict[str, Any]


@dataclass(frozen=True)
class Mail:
    """What one message says; `html` is optional."""

    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Kind:
    """How a message is written, and whether its cause and its recipient's access still hold."""

    render: Callable[[Payload], Mail]
    still_holds: Callable[[Payload], bool]
    forget: bool


class UnknownKindError(LookupError):
    """A message whose kind no app has registered."""


def always(payload: Payload) -> bool:
    return True


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    *,
    render: Callable[[Payload], Mail],
    still_holds: Callable[[Payload], bool] = always,
    forget: bool = False,
) -> None:
    """Say how messages of `kind` are written, at the moment they are sent.

    Both functions get the payload, run as the application's role in one transaction and open
    their own scope. `forget` empties the payload once the message is sent, cancelled or given up:
    for secrets. Raises ValueError for a name that is taken.
    """
    if kind in _kinds:
        raise ValueError(f"The kind “{kind}” is registered already.")
    _kinds[kind] = Kind(render=render, still_holds=still_holds, forget=forget)


def forgets(kind: str) -> bool:
    return kind in _kinds and _kinds[kind].forget


def find(kind: str) -> Kind:
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKindError(f"No app has registered the kind “{kind}”.") from None
