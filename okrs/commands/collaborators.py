from __future__ import annotations

from collections.abc import Iterable

from engagements.models import Membership
from engagements.permissions import check_owners
from okrs.models import Collaborator, KeyResult, Objective


def set_collaborators(
    people: Iterable[Membership] | None,
    *,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
) -> None:
    """Make these people the collaborators (M9.3); None changes nothing.

    Runs in the caller's transaction. Raises ValidationError (`owner`) for viewers and for people
    who left.
    """
    subject = objective or key_result
    if people is None or subject is None:
        return
    wanted = {person.pk: person for person in people if person.pk != subject.owner_id}
    named = Collaborator.objects.filter(
        engagement_id=subject.engagement_id, objective=objective, key_result=key_result
    )
    named.exclude(member_id__in=wanted).delete()
    new = wanted.keys() - set(named.values_list("member_id", flat=True))
    check_owners(*(wanted[pk] for pk in new))
    Collaborator.objects.bulk_create(
        Collaborator(
            engagement_id=subject.engagement_id,
            objective=objective,
            key_result=key_result,
            member_id=pk,
        )
        for pk in sorted(new)
    )
