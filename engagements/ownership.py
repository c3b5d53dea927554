"""Who can answer for something (M9.3): one member, never a viewer, never somebody removed."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from engagements.models import Membership, Role


def check_owners(*people: Membership | None) -> None:
    """Raises ValidationError (`owner`) for anybody who may not be named; None is nobody yet."""
    for person in people:
        if person is None:
            continue
        if person.removed_at is not None:
            raise ValidationError(f"{person.name} has left. Choose someone else.", code="owner")
        if person.role == Role.VIEWER:
            raise ValidationError(
                f"{person.name} can only read status pages. Choose another member.", code="owner"
            )
