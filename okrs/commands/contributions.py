from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from okrs.models import ContributionLink, KeyResult
from tenancy.locks import lock, locking


@transaction.atomic
def link_contribution(
    *, source: KeyResult, target: KeyResult, how: str, by: Membership
) -> ContributionLink:
    """Link `source` to the `target` that it contributes to, or change `how` (M2.2, M2.4).

    Raises ValidationError (`loop`) if the target contributes to the source, itself or through
    others.
    """
    links = ContributionLink.objects.filter(source=source, target=target)
    list(locking(links))
    require_right(by, Permission.DRAFT)
    lock(by.engagement)  # of two who link in opposite directions, one waits
    if source.pk == target.pk or _reaches(target, source):
        raise ValidationError(
            f"“{target.title}” already contributes to “{source.title}”. Choose another key result.",
            code="loop",
        )
    link, _ = ContributionLink.objects.update_or_create(
        engagement_id=source.engagement_id, source=source, target=target, defaults={"how": how}
    )
    return link


@transaction.atomic
def unlink_contribution(*, link: ContributionLink, by: Membership) -> None:
    """Remove a contribution; the history keeps it."""
    lock(link, exclusive=True)
    require_right(by, Permission.DRAFT)
    link.delete()


def _reaches(start: KeyResult, goal: KeyResult) -> bool:
    links = ContributionLink.objects.filter(engagement_id=start.engagement_id)
    seen: set[int] = set()
    edge = {start.pk}
    while edge:
        if goal.pk in edge:
            return True
        seen |= edge
        edge = set(links.filter(source__in=edge).values_list("target_id", flat=True)) - seen
    return False
