"""The rules by which people are told things. Upper rooms register theirs: this one knows none.

A sweep or a command writes a `Notice` and says no words. An envelope gathers notices, and the
rule words each as it is true when the message is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engagements.models import Notice
from scoring import Rag


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one notice says: a line of the message, with the link that does it.

    Items of a client are grouped under `heading` ("Late, closes Sun 24:00"); of two items about
    the same `about` the heavier one is shown. `url` is a path of this site.
    """

    heading: str
    title: str
    url: str
    button: str
    about: str
    weight: int = 0
    meta: str = ""
    rag: Rag | None = None
    score: str = ""
    text: str = ""


Describe = Callable[[Sequence[Notice], dt.datetime], Mapping[int, Item]]


@dataclass(frozen=True, kw_only=True)
class NoticeRule:
    """How notices of one rule are worded.

    `describe` gets notices of one engagement, in its scope, and the present; it answers by
    notice id, and leaves out those whose cause is gone. `label` stands in the ledger, `reason`
    at the foot of the mail. Urgent ones go at once, quiet hours apart; the others ride the
    message of the day (M6.4).
    """

    label: str
    reason: str
    describe: Describe
    is_urgent: bool = False


_rules: dict[str, NoticeRule] = {}


def register_rule(name: str, rule: NoticeRule) -> None:
    """Raises ValueError for a name that is taken."""
    if name in _rules:
        raise ValueError(f"The rule “{name}” is registered already.")
    _rules[name] = rule


def find_rule(name: str) -> NoticeRule:
    return _rules[name]


def rules() -> Mapping[str, NoticeRule]:
    return _rules


def urgent_rules() -> list[str]:
    return [name for name, rule in _rules.items() if rule.is_urgent]
