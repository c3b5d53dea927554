from __future__ import annotations

from collections.abc import Mapping

from engagements.models import Membership, Role

BATCH = 1000


def add_placeholders(*, people: Mapping[str, str], by: Membership) -> list[Membership]:
    """Name many people (email to name) at once, as contributors who have not signed in.

    The addresses are lower-case and new to the engagement. Nothing is mailed until somebody sends
    the invitations, even where an address signs in elsewhere.
    """
    return Membership.objects.bulk_create(
        (
            Membership(engagement=by.engagement, email=email, name=name, role=Role.CONTRIBUTOR)
            for email, name in people.items()
        ),
        batch_size=BATCH,
    )
