from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from engagements.staleness import StaleEdit
from okrs.models import KeyResult, KeyResultAudit
from tenancy.locks import lock


@transaction.atomic
def answer_audit(
    *,
    key_result: KeyResult,
    refresh_confirmed: bool,
    ambitious: bool,
    by: Membership,
    version: int | None = None,
    note: str = "",
    now: dt.datetime | None = None,
) -> KeyResultAudit:
    """Store a person's answers to the audit of a draft (M4.2).

    `version` is the one that the person read, or None. Raises ValidationError (`frozen`), and
    StaleEdit if the draft was changed since.
    """
    (current,) = lock(key_result)
    require_right(by, Permission.DRAFT)
    if not current.is_draft:
        raise ValidationError(
            "This key result is committed, so its audit is closed.", code="frozen"
        )
    if version is not None and current.version != version:
        raise StaleEdit(current)
    answers, _ = KeyResultAudit.objects.update_or_create(
        engagement_id=current.engagement_id,
        key_result=current,
        defaults={
            "refresh_confirmed": refresh_confirmed,
            "ambitious": ambitious,
            "note": note.strip(),
            "answered_by": by,
            "answered_at": now or timezone.now(),
        },
    )
    return answers
