"""How an envelope is summed up: subject, headline, and why it came. Pure; no words of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mail.delivery import MAX_SUBJECT
from notifications.digest.reading import Line
from notifications.rules import Noun

WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NO_BREAK = "\u00a0"
MOST_STATES = 3  # of one noun, in a subject
MOST_SENTENCES = 2


@dataclass(frozen=True)
class Count:
    """So many of a noun, and in which states how many of them are."""

    noun: Noun
    states: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.states)

    @property
    def named(self) -> str:
        return self.noun.one if self.total == 1 else self.noun.many


def counts(lines: Iterable[Line]) -> list[Count]:
    """By noun and state, in the order of the lines."""
    found: dict[Noun, Counter[str]] = {}
    for line in lines:
        state = line.item.state.replace(NO_BREAK, " ")  # a headline must break somewhere
        found.setdefault(line.rule.noun, Counter())[state] += 1
    return [Count(noun, list(states.items())) for noun, states in found.items()]


def subject(lines: Iterable[Line]) -> str:
    """ "5 check-ins: 3 late, 2 due today by 12:00; 1 escalation recovered".

    Where it would be too long, all but the first noun are counted together.
    """
    first, *others = counts(lines)
    whole = "; ".join(_counted(count) for count in (first, *others))
    if len(whole) <= MAX_SUBJECT:
        return whole
    return f"{_counted(first)}; {sum(one.total for one in others)} more"


def headline(lines: Iterable[Line]) -> str:
    """ "Five check-ins wait for you: three late, two due today by 12:00."."""
    said = [_sentence(count) for count in counts(lines)]
    more = len(said) - MOST_SENTENCES
    return " ".join([*said[:MOST_SENTENCES], *(["There is more below."] if more > 0 else [])])


def why(lines: Iterable[Line]) -> str:
    """ "You get this because you answer for key results (rules: due soon, late)."."""
    found = [each for line in lines for each in (line, *line.also)]
    reasons = list(dict.fromkeys(line.item.why or line.rule.reason for line in found))
    labels = list(dict.fromkeys(_lower(line.rule.label) for line in found))
    rules = f"{'rule' if len(labels) == 1 else 'rules'}: {', '.join(labels)}"
    return f"You get this because you {_listed(reasons)} ({rules})."


def in_words(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else str(number)


def _lower(label: str) -> str:
    return f"{label[0].lower()}{label[1:]}"


def _listed(phrases: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *firsts, last = phrases
    return f"{', '.join(firsts)} and {last}" if firsts else last


def _counted(count: Count) -> str:
    if len(count.states) == 1:
        return f"{count.total} {count.named} {count.states[0][0]}"
    return f"{count.total} {count.named}: {', '.join(_states(count, write=str))}"


def _sentence(count: Count) -> str:
    total, is_one = in_words(count.total).capitalize(), count.total == 1
    if len(count.states) == 1:
        return f"{total} {count.named} {'is' if is_one else 'are'} {count.states[0][0]}."
    states = ", ".join(_states(count, write=in_words))
    return f"{total} {count.named} {count.noun.want}: {states}."


def _states(count: Count, *, write: Callable[[int], str]) -> Iterator[str]:
    for state, number in count.states[:MOST_STATES]:
        yield f"{write(number)} {state}"
    left = sum(number for _, number in count.states[MOST_STATES:])
    if left:
        yield f"{write(left)} more"
