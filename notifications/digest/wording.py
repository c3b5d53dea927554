"""Subject, headline and reason of one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from mail.delivery import MAX_SUBJECT
from mail.email_types import one_line
from notifications.digest.reading import Envelope, Line
from notifications.rules import Noun

NO_BREAK = "\u00a0"
LONGEST_CLIENT = 40  # characters of a client's name in a subject
MOST_CLIENTS = 2  # by name, in a subject
MOST_STATES = 3  # of one noun
MOST_SENTENCES = 2


@dataclass(frozen=True)
class Count:
    """The number of items of one noun, in all and by state."""

    noun: Noun
    states: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.states)

    @property
    def named(self) -> str:
        return f"{self.total} {self.noun.one if self.total == 1 else self.noun.many}"


def counts(lines: Iterable[Line]) -> list[Count]:
    """Count items by noun and state, in the order of the lines."""
    found: dict[Noun, Counter[str]] = {}
    for line in lines:
        state = line.item.state.replace(NO_BREAK, " ")  # a headline must break somewhere
        found.setdefault(line.rule.noun, Counter())[state] += 1
    return [Count(noun, list(states.items())) for noun, states in found.items()]


def subject(envelope: Envelope, *, is_daily: bool) -> str:
    """Return the client and the item, or the clients, the day and the counts of several items.

    "Northwind: API latency has been red for two weeks"; "Northwind, Tue 10 Mar: 5 check-ins (3
    late, 2 due today by 12:00)". The day is the one on the active clock. Where it gets too long,
    the clients go first, then all counts but the first are added up.
    """
    names = [one_line(one.client, most=LONGEST_CLIENT) for one in envelope.sections]
    if len(envelope.lines) == 1:
        return _one_item(envelope.lines[0], client=names[0])
    clients = ", ".join(names) if len(names) <= MOST_CLIENTS else f"{len(names)} clients"
    day = date_format(timezone.localtime(envelope.now), "D j M") if is_daily else ""
    first, *others = counts(envelope.lines)
    whole = ", ".join(_counted(count) for count in (first, *others))
    short = f"{_counted(first)}, {sum(one.total for one in others)} more"
    full = _headed([clients, day], whole)
    if len(full) <= MAX_SUBJECT or not others:
        return full
    without_clients = _headed([day], whole)
    return without_clients if len(without_clients) <= MAX_SUBJECT else _headed([day], short)


def headline(lines: Iterable[Line]) -> str:
    """Return "5 check-ins to do: 3 late, 2 due today by 12:00."."""
    sentences = [_sentence(count) for count in counts(lines)]
    more = ["More below."] if len(sentences) > MOST_SENTENCES else []
    return " ".join([*sentences[:MOST_SENTENCES], *more])


def why(lines: Iterable[Line]) -> str:
    """Return "You get this because you own key results (rules: due soon, late)."."""
    found = [each for line in lines for each in (line, *line.also)]
    reasons = list(dict.fromkeys(line.item.why or line.rule.reason for line in found))
    labels = list(dict.fromkeys(_lower(line.rule.label) for line in found))
    rules = f"{'rule' if len(labels) == 1 else 'rules'}: {', '.join(labels)}"
    return f"You get this because you {_listed(reasons)} ({rules})."


def _one_item(line: Line, *, client: str) -> str:
    news = (line.item.news or f"({line.item.state})").replace(NO_BREAK, " ")
    most = MAX_SUBJECT - len(client) - len(news) - len(":  ")
    return f"{client}: {one_line(line.item.title, most=most)} {news}"


def _headed(parts: Iterable[str], text: str) -> str:
    head = ", ".join(filter(None, parts))
    return f"{head}: {text}" if head else text


def _counted(count: Count) -> str:
    if len(count.states) == 1:
        return _of_one_state(count)
    return f"{count.named} ({', '.join(_states(count))})"


def _sentence(count: Count) -> str:
    if len(count.states) == 1:
        return f"{_of_one_state(count)}."
    return f"{count.named} {count.noun.want}: {', '.join(_states(count))}."


def _of_one_state(count: Count) -> str:
    return f"{count.named} {'is' if count.total == 1 else 'are'} {count.states[0][0]}"


def _states(count: Count) -> Iterator[str]:
    for state, number in count.states[:MOST_STATES]:
        yield f"{number} {state}"
    left = sum(number for _, number in count.states[MOST_STATES:])
    if left:
        yield f"{left} more"


def _lower(label: str) -> str:
    return f"{label[0].lower()}{label[1:]}"


def _listed(phrases: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    *firsts, last = phrases
    return f"{', '.join(firsts)} and {last}" if firsts else last
