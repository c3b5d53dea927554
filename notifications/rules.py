"""The rules of notices: how each is worded. Apps above register theirs here.

A job or a command writes a `Notice` without words. The rule words it when the message is sent, so
that it is true at that moment.
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
    """The name under which items of a rule are counted: "5 check-ins to do: 3 late, …"."""

    one: str
    many: str
    want: str  # follows the number of several


@dataclass(frozen=True, kw_only=True)
class DigestItem:
    """One notice in a message: a line with the link to act on it.

    Items of a client are grouped under `heading`. Of two items with the same `about` the one with
    more `weight` is shown, with heading and text of the other below it. `state` is how subject and
    headline count it ("late", "due today by 12:00") and holds no words of people. `news` follows
    the title in the subject of a message with this item alone ("has been red for two weeks").
    Each line of `text` is a paragraph. `why` replaces the rule's `reason` where more is known
    about this person. `url` is a path of this site.
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
    news: str = ""

    @property
    def paragraphs(self) -> list[str]:
        return [line for line in self.text.split("\n") if line.strip()]


Describe = Callable[[Sequence[Notice], dt.datetime], Mapping[int, DigestItem]]


@dataclass(frozen=True, kw_only=True)
class NoticeRule:
    """The wording of the notices of one rule.

    `describe` gets notices of one engagement in its scope, with person and engagement loaded, and
    the present; it runs on the person's clock and returns items by notice id, without those whose
    cause is gone. `label` is shown in the notification log, `reason` after "because you" at the
    foot of the email. `switch` is the user's field that turns the rule off. An urgent notice is
    sent at once, except in quiet hours; the others go into the email of the day (M6.4).
    """

    label: str
    reason: str
    noun: Noun
    describe: Describe
    switch: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Aside:
    """A deadline of the reader below the items of a message: "the huddle on", a title with its
    link, "is due by Wed 11 Mar 09:04".
    """

    client: str
    before: str
    title: str
    url: str
    after: str
    about: str


Asides = Callable[[Sequence[Membership], dt.datetime], Sequence[Aside]]

registered_rules: dict[str, NoticeRule] = {}  # by name
registered_asides: list[Asides] = []


def register_rule(name: str, rule: NoticeRule) -> None:
    """Register how notices of this name are worded.

    Raises ValueError for a name that is taken.
    """
    if name in registered_rules:
        raise ValueError(f"The rule “{name}” is registered already.")
    registered_rules[name] = rule


def register_asides(asides: Asides) -> None:
    """Register a query for a person's deadlines; it gets all their memberships, in their scope."""
    registered_asides.append(asides)


def urgent_rules() -> list[str]:
    return [name for name, rule in registered_rules.items() if rule.is_urgent]
