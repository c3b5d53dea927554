"""An objective with its key results, for its own page and its cycle's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from engagements.models import Engagement
from okrs.models import Collaborator, ContributionLink, KeyResult, Objective, Stage
from okrs.queries.cards import Card, card
from okrs.queries.findings import counted
from okrs.states import weakest
from scoring import Rag, objective_score, rag


class Alignment(StrEnum):
    """How an objective is linked to the company's (M2.2)."""

    COMPANY = "company"
    ALIGNED = "aligned"
    DIVERGES = "diverges"
    UNALIGNED = "unaligned"

    @property
    def label(self) -> str:
        return {"company": "Company", "diverges": "Diverges on purpose"}.get(
            self.value, self.value.capitalize()
        )


@dataclass(frozen=True, kw_only=True)
class ObjectiveRow:
    """An objective with its cards and its draft score (M5.6).

    `no_data` names the key results that the score leaves out.
    """

    objective: Objective
    cards: Sequence[Card]
    score: Decimal | None
    rag: Rag
    no_data: Sequence[str]
    stage: Stage
    alignment: Alignment

    @property
    def drafts(self) -> list[KeyResult]:
        return [card.key_result for card in self.cards if card.key_result.is_draft]

    @property
    def is_unaligned(self) -> bool:
        return self.alignment is Alignment.UNALIGNED


def fetch_set(objective: Objective) -> None:
    """Prefetch key results with audits, collaborators and links. Five queries."""
    key_results = KeyResult.objects.select_related("metric", "owner").prefetch_related(
        "audits",
        Prefetch("collaborators", Collaborator.objects.select_related("member")),
        Prefetch("contributes_to", _links("target")),
        Prefetch("contributions", _links("source")),
    )
    prefetch_related_objects([objective], Prefetch("key_results", key_results))


def fetch_sets(objectives: Sequence[Objective]) -> None:
    """Prefetch key results with their links upwards, as the cycle's page shows. Two queries."""
    key_results = KeyResult.objects.select_related("metric").defer("trail", "insight")
    above = Prefetch("contributes_to", _links("target"))
    prefetch_related_objects(
        list(objectives), Prefetch("key_results", key_results.prefetch_related(above))
    )


def objective_row(objective: Objective, *, engagement: Engagement, today: dt.date) -> ObjectiveRow:
    """Return the row of an objective whose set was fetched. No query."""
    key_results = counted(objective)
    score = objective_score((one.score, one.weight) for one in key_results if not one.is_draft)
    return ObjectiveRow(
        objective=objective,
        cards=[card(one, engagement=engagement, today=today) for one in key_results],
        score=score,
        rag=rag(score, engagement.rag_bands),
        no_data=[one.title for one in key_results if one.score is None and not one.is_draft],
        stage=_stage(objective, key_results),
        alignment=_alignment(objective, key_results),
    )


def _links(end: str) -> QuerySet[ContributionLink]:
    return ContributionLink.objects.select_related(f"{end}__objective__team").order_by("id")


def _stage(objective: Objective, key_results: list[KeyResult]) -> Stage:
    alone = Stage.COMMITTED if objective.committed_at else Stage.DRAFT
    return weakest(one.stage for one in key_results) or alone


def _alignment(objective: Objective, key_results: list[KeyResult]) -> Alignment:
    if objective.team_id is None:
        return Alignment.COMPANY
    reaches = (link.target.objective for one in key_results for link in one.contributes_to.all())
    if objective.parent_id or any(above.team_id is None for above in reaches):
        return Alignment.ALIGNED
    has_reason = bool(objective.divergence_reason.strip())
    return Alignment.DIVERGES if has_reason else Alignment.UNALIGNED
