"""The rules by which people are told things. Upper rooms register theirs: this one knows none.

A sweep or a command writes a `Notice` and says no words. An envelope gathers notices, and the
rule words each as it is true when the message is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engagements.models import Membership
from notifications.models import Notice
from scoring import Rag


@dataclass(frozen=True)
class Noun:
    """What items of a rule are counted as: "5 check-ins", which "wait for you"."""

    one: str
    many: str
    wants: str  # of one
    want: str  # of several


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one notice says: a line of the message, with the link that does it.

    Items of a client are grouped under `heading` ("Late, closes Sun 24:00"); of two items about
    the same `about` the heavier one is shown, with the other's heading and text below. `state` is how the subject and the headline count
    it ("late", "due today by 12:00"): words of the system, never of people. `text` is a paragraph
    to a line. `why` says what the person has to do with it, where that is more than the rule's
    `reason`. `url` is a path of this site.
    """

    heading: str
    title: str
    url: str
    button: str
    about: str
    state: str
    weight: int = 0
    meta: str = ""
    rag: Rag | None = None
    score: str = ""
    text: str = ""
    why: str = ""

    @property
    def paragraphs(self) -> list[str]:
        return [line for line in self.text.split("\n") if line.strip()]


Describe = Callable[[Sequence[Notice], dt.datetime], Mapping[int, Item]]


@dataclass(frozen=True, kw_only=True)
class NoticeRule:
    """How notices of one rule are worded.

    `describe` gets notices of one engagement, in its scope, and the present; it answers by
    notice id, and leaves out those whose cause is gone. It runs on the clock of the person, who is
    joined in, as is the engagement. `label` stands in the ledger; "because you", then `reason`,
    at the foot of the mail.
    `switch` is the field of the user that turns it off. Urgent ones go at once, quiet hours apart;
    the others ride the message of the day (M6.4).
    """

    label: str
    reason: str
    noun: Noun
    describe: Describe
    switch: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Aside:
    """A clock that runs for the reader, beside what the message is about: "the huddle on", a title
    with its link, "is due Wed 11 Mar 09:04".
    """

    client: str
    before: str
    title: str
    url: str
    after: str
    about: str


Asides = Callable[[Sequence[Membership], dt.datetime], Sequence[Aside]]

_rules: dict[str, NoticeRule] = {}
_asides: list[Asides] = []


def register_rule(name: str, rule: NoticeRule) -> None:
    """Raises ValueError for a name that is taken."""
    if name in _rules:
        raise ValueError(f"The rule “{name}” is registered already.")
    _rules[name] = rule


def find_rule(name: str) -> NoticeRule:
    return _rules[name]


def register_asides(asides: Asides) -> None:
    """Say which clocks run for a person, given all their memberships, in the scope of these."""
    _asides.append(asides)


def asides_for(memberships: Sequence[Membership], *, now: dt.datetime) -> list[Aside]:
    return [aside for asides in _asides for aside in asides(memberships, now)]


def rules() -> Mapping[str, NoticeRule]:
    return _rules


def urgent_rules() -> list[str]:
    return [name for name, rule in _rules.items() if rule.is_urgent]
