"""Who can own something (M9.3): one current member who is not a viewer."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from engagements.models import Membership, Role


def check_owners(*people: Membership | None) -> None:
    """Raise ValidationError (`owner`) for anyone who can't own things; None is allowed."""
    for person in people:
        if person is None:
            continue
        if person.removed_at is not None:
            raise ValidationError(f"{person.name} has left. Choose someone else.", code="owner")
        if person.role == Role.VIEWER:
            raise ValidationError(
                f"{person.name} can only read status pages. Choose another member.", code="owner"
            )
