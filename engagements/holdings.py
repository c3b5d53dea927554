"""The items that members are in charge of, in every app, and those without an active owner (M9.3).

Each app registers its kinds when it starts, so that this app need not import those above it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from tenancy.models import TenantModel

MAY_OWN = frozenset(role.value for role in Role if role != Role.VIEWER)


@dataclass(frozen=True, kw_only=True, eq=False)
class Holding:
    """A kind of row that names the member in charge.

    `verb`, `one` and `many` describe it: "owns 2 key results". `path` leads from a row to the thing
    on the page with the URL name `page`, which has the thing's own address if `has_address`.
    """

    model: type[TenantModel]
    key: str
    verb: str
    one: str
    many: str
    page: str
    path: str = ""
    has_address: bool = True
    roles: Collection[str] = MAY_OWN
    # Selects the rows that still need someone on that day.
    current: Callable[[dt.date], Q] = field(default=lambda today: Q())
    counters: tuple[str, ...] = ("version",)
    after: Callable[[Any], None] | None = None

    def rows(self, engagement_id: int, *, today: dt.date) -> QuerySet[Any]:
        return self.model._default_manager.filter(self.current(today), engagement=engagement_id)

    def thing(self, row: Any) -> Any:
        return getattr(row, self.path) if self.path else row


@dataclass(frozen=True)
class Held:
    """How many rows of a kind a member is in charge of."""

    holding: Holding
    count: int

    def __str__(self) -> str:
        noun = self.holding.one if self.count == 1 else self.holding.many
        return f"{self.holding.verb} {self.count} {noun}"


@dataclass(frozen=True, kw_only=True)
class Item:
    """A row and the member in charge of it."""

    holding: Holding
    row: Any

    @property
    def token(self) -> str:
        return f"{self.holding.key}-{self.row.public_id}"

    @property
    def title(self) -> str:
        return str(self.holding.thing(self.row))

    @property
    def address(self) -> str:
        """Return the URL of its page. Needs the person's engagement joined."""
        slug = getattr(self.row, self.holding.key).engagement.slug
        own = [self.holding.thing(self.row).public_id] if self.holding.has_address else []
        return reverse(self.holding.page, args=[slug, *own])


@dataclass(frozen=True, kw_only=True)
class Leaver:
    """A member who can't own things any more, with their items by kind."""

    membership: Membership
    groups: list[tuple[Held, list[Item]]]

    @property
    def count(self) -> int:
        return sum(held.count for held, _ in self.groups)


_holdings: list[Holding] = []
_endings: list[Callable[[Membership], object]] = []


def register(*holdings: Holding) -> None:
    """Add kinds; those of one app are handed over in the order given."""
    _holdings.extend(holdings)


def register_ending(end: Callable[[Membership], object]) -> None:
    """Add a function that ends what a member takes part in when they can't own things any more."""
    _endings.append(end)


def end_participation(leaving: Membership) -> None:
    """Remove a member as a collaborator and from the reviews ahead, before any lock on people.

    These things have owners, so that nothing is left to hand over (M9.3).
    """
    for end in _endings:
        end(leaving)


def registered() -> tuple[Holding, ...]:
    return tuple(_holdings)


def held_by(membership: Membership, *, today: dt.date) -> list[Held]:
    """Count the items that this member is in charge of. One query."""
    mine = _tally(membership.engagement_id, today=today, whose=lambda key: Q(**{key: membership}))
    held = [Held(holding, mine[place]) for place, holding in enumerate(_holdings) if mine[place]]
    return sorted(held, key=lambda held: (held.holding.verb, held.holding.many))


def count_left(engagement: Engagement, *, today: dt.date) -> int:
    """Count the items without an active owner. One query."""
    return _tally(engagement.pk, today=today, whose=_is_leaver).total()


def items_of(membership: Membership, *, today: dt.date) -> list[Item]:
    """Return the items of this member, by kind and title. A query for each kind held."""
    return [
        item
        for held in held_by(membership, today=today)
        for item in _items(
            held.holding, membership.engagement_id, Q(**{held.holding.key: membership}), today=today
        )
    ]


def leavers(engagement: Engagement, *, today: dt.date) -> list[Leaver]:
    """Return the members who left items behind, by name. A query for each kind, and one more."""
    left = _tally(engagement.pk, today=today, whose=_is_leaver)
    people: dict[int, Membership] = {}
    groups: dict[int, list[tuple[Held, list[Item]]]] = {}
    for holding in (one for place, one in enumerate(_holdings) if left[place]):
        own: dict[int, list[Item]] = {}
        for item in _items(holding, engagement.pk, _is_leaver(holding.key), today=today):
            person = getattr(item.row, holding.key)
            people[person.pk] = person
            own.setdefault(person.pk, []).append(item)
        for pk, items in own.items():
            groups.setdefault(pk, []).append((Held(holding, len(items)), items))
    named = sorted(people.values(), key=lambda person: (person.name, person.pk))
    return [Leaver(membership=person, groups=groups[person.pk]) for person in named]


def _is_leaver(key: str) -> Q:
    """Select rows whose member left or only reads (M9.3); `Membership.can_own` has the rule."""
    return Q(**{f"{key}__removed_at__isnull": False}) | Q(**{f"{key}__role": Role.VIEWER})


def _items(holding: Holding, engagement_id: int, whose: Q, *, today: dt.date) -> Iterator[Item]:
    joins = [f"{holding.key}__engagement", *([holding.path] if holding.path else [])]
    rows = holding.rows(engagement_id, today=today).filter(whose).select_related(*joins)
    items = [Item(holding=holding, row=row) for row in rows]
    yield from sorted(items, key=lambda item: (item.title, item.row.pk))


def _tally(engagement_id: int, *, today: dt.date, whose: Callable[[str], Q]) -> Counter[int]:
    """Count rows by the place of their kind in the registry. One query."""
    first, *rest = [
        holding.rows(engagement_id, today=today)
        .filter(whose(holding.key))
        .order_by()
        .values_list(Value(place), flat=True)
        for place, holding in enumerate(_holdings)
    ]
    return Counter(first.union(*rest, all=True))
