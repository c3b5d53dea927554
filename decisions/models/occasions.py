"""What decisions, actions and releases came of; the apps that hold the occasions stand above."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import models


class OccasionKind(models.TextChoices):
    """What a decision, an action or a release came of."""

    REVIEW = "review", "Review"
    ESCALATION = "escalation", "Escalation"
    CHANGE = "change", "Change request"
    NONE = "none", "None"


@dataclass(frozen=True)
class Occasion:
    """An occasion by kind and public id, so that no key to apps above is needed."""

    kind: str = OccasionKind.NONE
    public_id: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The fields of `WithOccasion` and their values, for filters and new rows."""
        return {"occasion_kind": self.kind, "occasion_id": self.public_id}


NO_OCCASION = Occasion()


@dataclass(frozen=True)
class OccasionTitle:
    """How pages name an occasion, and when it was."""

    title: str
    at: dt.datetime

    def __str__(self) -> str:
        return self.title


class WithOccasion(models.Model):
    """Fields of a row that names its occasion."""

    occasion_kind = models.CharField(
        max_length=10, choices=OccasionKind.choices, default=OccasionKind.NONE
    )
    occasion_id = models.CharField(max_length=12, blank=True)

    occasion_title: OccasionTitle | None = None  # set by `load_occasions`

    class Meta:
        abstract = True

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.occasion_kind, self.occasion_id)


Titles = Mapping[tuple[int, str], OccasionTitle]  # by engagement and public id
Loader = Callable[[Collection[int], Collection[str]], Titles]
_LOADERS: dict[str, Loader] = {}


def register_occasions(kind: OccasionKind, loader: Loader) -> None:
    """Name the query that finds titles of this kind; each app registers its own in `ready`."""
    _LOADERS[kind] = loader


def load_occasions(rows: Iterable[WithOccasion]) -> None:
    """Set `occasion_title` on each row whose occasion has one. One query for each kind among them."""
    rows = list(rows)
    for kind, loader in _LOADERS.items():
        own = [row for row in rows if row.occasion_kind == kind]
        if own:
            titles = loader(
                {row.engagement_id for row in own},  # type: ignore[attr-defined]
                {row.occasion_id for row in own},
            )
            for row in own:
                row.occasion_title = titles.get((row.engagement_id, row.occasion_id))  # type: ignore[attr-defined]
