"""An objective with its key results, for its own page and its cycle's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch, QuerySet, TextChoices, prefetch_related_objects

from engagements.models import Engagement
from metrics.models import GAP_FOR, Metric
from okrs.headlines import count_forecasts
from okrs.models import Collaborator, ContributionLink, KeyResult, Objective, Stage
from okrs.queries.cards import Card, card
from okrs.queries.findings import (
    ProblemGroup,
    commit_problems,
    counted,
    guardrail_findings,
    objective_findings,
)
from okrs.states import draft_score, weakest
from okrs.writing import Finding
from scoring import Rag, rag


class Alignment(TextChoices):
    """How an objective is linked to the company's (M2.2)."""

    COMPANY = "company", "Company"
    ALIGNED = "aligned", "Aligned"
    DIVERGES = "diverges", "Diverges on purpose"
    UNALIGNED = "unaligned", "Unaligned"


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
    def forecasts(self) -> list[str]:
        """Count the committed key results: ["2 of 4 on pace", "1 of 4 not measured yet"]."""
        return count_forecasts(card.forecast for card in self.cards if card.key_result.is_counted)

    @property
    def drafts(self) -> list[KeyResult]:
        return [card.key_result for card in self.cards if card.key_result.is_draft]


def fetch_set(objective: Objective) -> None:
    """Prefetch key results with audits, collaborators and links. Six queries."""
    key_results = KeyResult.objects.select_related("metric", "owner").prefetch_related(
        "audits",
        Prefetch("metric__key_results", KeyResult.objects.only("engagement", "metric", "trail")),
        Prefetch("collaborators", Collaborator.objects.select_related("member")),
        Prefetch("contributes_to", _links("target")),
        Prefetch("contributions", _links("source")),
    )
    prefetch_related_objects([objective], Prefetch("key_results", key_results))


def fetch_sets(objectives: Sequence[Objective]) -> None:
    """Prefetch key results with their links upwards, as the cycle's page shows. Two queries."""
    key_results = KeyResult.objects.select_related("metric", "owner").defer("trail", "insight")
    above = Prefetch("contributes_to", _links("target"))
    prefetch_related_objects(
        list(objectives), Prefetch("key_results", key_results.prefetch_related(above))
    )


def objective_row(objective: Objective, *, engagement: Engagement, today: dt.date) -> ObjectiveRow:
    """Return the row of an objective whose set was fetched. No query."""
    key_results = counted(objective)
    score, band, stage = standing_of(objective, key_results, engagement=engagement)
    return ObjectiveRow(
        objective=objective,
        cards=[card(one, engagement=engagement, today=today) for one in key_results],
        score=score,
        rag=band,
        no_data=[one.title for one in key_results if one.score is None and not one.is_draft],
        stage=stage,
        alignment=_alignment(objective, key_results),
    )


def standing_of(
    objective: Objective, key_results: Sequence[KeyResult], *, engagement: Engagement
) -> tuple[Decimal | None, Rag, Stage]:
    """Return the draft score (M5.6) of an objective, its band and its stage."""
    score = draft_score([one for one in key_results if one.is_counted])
    alone = Stage.COMMITTED if objective.committed_at else Stage.DRAFT
    stage = weakest(one.stage for one in key_results) or alone
    return score, rag(score, engagement.rag_bands), stage


def _links(end: str) -> QuerySet[ContributionLink]:
    return ContributionLink.objects.select_related(f"{end}__objective__team").order_by("id")


def _alignment(objective: Objective, key_results: list[KeyResult]) -> Alignment:
    if objective.team_id is None:
        return Alignment.COMPANY
    reaches = (link.target.objective for one in key_results for link in one.contributes_to.all())
    if objective.parent_id or any(above.team_id is None for above in reaches):
        return Alignment.ALIGNED
    has_reason = bool(objective.divergence_reason.strip())
    return Alignment.DIVERGES if has_reason else Alignment.UNALIGNED


@dataclass(frozen=True, kw_only=True)
class ObjectivePage:
    """An objective with its key results, checks and overlaps.

    `findings` are those of M3, `guardrails` those of M2.5. `overlaps` holds key results of other
    objectives in the cycle that use the same metric (M2.3). `problems` prevent a commit; empty if
    nothing is left to commit. `gap_until` is the day until which a commit of today would leave a
    data gap (M4.3).
    """

    row: ObjectiveRow
    collaborators: Sequence[str]
    findings: Sequence[Finding]
    guardrails: Sequence[Finding]
    overlaps: Sequence[KeyResult]
    problems: Sequence[ProblemGroup]
    gap_until: dt.date

    @property
    def gaps(self) -> list[Metric]:
        """Return the metrics of the drafts that have open data questions, each once."""
        metrics = {one.metric.pk: one.metric for one in self.row.drafts if one.metric}
        return [metric for metric in metrics.values() if metric.data_questions_open]

    @property
    def unanswered(self) -> list[KeyResult]:
        """Return the drafts with a target that no one has found ambitious yet reachable (M4.2)."""
        cards = [card for card in self.row.cards if "ambitious" in card.audit_open]
        return [card.key_result for card in cards if "answerable" not in card.audit_open]

    @property
    def answered(self) -> list[KeyResult]:
        cards = [card for card in self.row.cards if "ambitious" not in card.audit_open]
        return [card.key_result for card in cards if card.key_result.is_draft]

    @property
    def problem_count(self) -> int:
        return sum(len(group.problems) for group in self.problems)

    def changed_since(self, read: Mapping[str, int]) -> list[str]:
        """Describe the changes since a person read these versions, given by public id."""
        rows: list[Objective | KeyResult] = [self.row.objective, *self.row.drafts]
        changed = [
            f"“{row.title}” was {'changed' if row.public_id in read else 'added'}."
            for row in rows
            if read.get(row.public_id) != row.version
        ]
        gone = read.keys() - {row.public_id for row in rows}
        return [*changed, *(["A draft was deleted or committed."] if gone else [])]


def objective_page(objective: Objective, *, today: dt.date) -> ObjectivePage:
    """Return the page of an objective that comes with engagement, cycle, team and people.

    At most seventeen queries more, however many key results there are.
    """
    fetch_set(objective)
    helpers = Collaborator.objects.select_related("member")
    prefetch_related_objects([objective], Prefetch("collaborators", helpers))
    row = objective_row(objective, engagement=objective.engagement, today=today)
    open_to_commit = row.drafts or objective.committed_at is None
    return ObjectivePage(
        row=row,
        collaborators=[one.member.name_as_owner for one in objective.collaborators.all()],
        findings=objective_findings(objective),
        guardrails=guardrail_findings(objective),
        overlaps=list(_overlaps(objective)),
        problems=commit_problems(objective, row.drafts) if open_to_commit else [],
        gap_until=today + GAP_FOR,
    )


def _overlaps(objective: Objective) -> Sequence[KeyResult]:
    metrics = {one.metric_id for one in objective.key_results.all() if one.metric_id}
    if not metrics:
        return []
    return list(
        KeyResult.objects.filter(
            engagement=objective.engagement_id,
            objective__cycle=objective.cycle_id,
            metric__in=metrics,
        )
        .exclude(objective=objective)
        .exclude(stage="withdrawn")
        .for_card()
    )
