from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from okrs.models import KeyResult, Objective
from tenancy.locks import lock, locking


@transaction.atomic
def discard_key_result(*, key_result: KeyResult, by: Membership) -> None:
    """Delete a draft with its audit, collaborators and links; the history keeps it.

    Raises ValidationError (`frozen`) if it is committed: that takes an approved change (M9.1).
    """
    lock(key_result.objective.cycle)
    (current,) = lock(key_result, exclusive=True)
    require_right(by, Permission.DRAFT)
    if not current.is_draft:
        raise ValidationError(
            f"“{current.title}” is committed. Only an approved change can withdraw it.",
            code="frozen",
        )
    current.delete()


@transaction.atomic
def discard_objective(*, objective: Objective, by: Membership) -> None:
    """Delete an objective that was never committed, with its drafts; the history keeps them.

    Raises ValidationError: `frozen` if it or one of its key results is committed, `children` if
    other objectives link to it.
    """
    lock(objective.cycle)
    (current,) = lock(objective, exclusive=True)
    drafts = list(locking(current.key_results.all(), exclusive=True))
    require_right(by, Permission.DRAFT)
    if current.committed_at or not all(one.is_draft for one in drafts):
        raise ValidationError(
            "This is committed. Only an approved change can withdraw it.", code="frozen"
        )
    if titles := list(current.children.values_list("title", flat=True)):
        named = ", ".join(f"“{title}”" for title in titles)
        raise ValidationError(
            f"Other objectives link to this one: {named}. Link them elsewhere first.",
            code="children",
        )
    for draft in drafts:
        draft.delete()
    current.delete()
