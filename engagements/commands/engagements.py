from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.text import slugify

from accounts import limits
from accounts.models import User
from engagements.commands.invitations import issue_invitation
from engagements.commands.profiles import engagements_of
from engagements.models import Engagement, Invitation, Membership, Role
from engagements.models.engagements import SLUG_TAKEN
from engagements.permissions import Permission, check_owners, require_right
from engagements.places import current_zone
from tenancy.locks import lock, lock_for_edit
from tenancy.models import TenantModel, new_public_id
from tenancy.scoping import MAX_ENGAGEMENTS, scope

BANDS_FROZEN = (
    "The bands can’t change once the first cycle has started, so that old scores keep their color."
)
RHYTHM = ("time_zone", "cadence", "due_weekday", "due_time")  # these move due times
TOO_MANY = f"You're in {MAX_ENGAGEMENTS} engagements, the most that one person can be in."
RhythmFollower = Callable[[Engagement], AbstractContextManager[None]]
IGNORE_TRIGGERS = "SELECT set_config('pgtrigger.ignore', %s, true)"

_rhythm_followers: list[RhythmFollower] = []


def register_rhythm_follower(follower: RhythmFollower) -> None:
    """Register an app above that stores what follows from due times; call it in `AppConfig.ready`.

    `follower(engagement)` returns a context manager. It is entered before anything is locked, and
    left once the new rhythm is written, all in one transaction.
    """
    _rhythm_followers.append(follower)


@contextmanager
def _rhythm_changes(engagement: Engagement) -> Iterator[None]:
    with ExitStack() as stack:
        for follower in _rhythm_followers:
            stack.enter_context(follower(engagement))
        yield


@transaction.atomic
def create_engagement(*, by_user: User, slug: str = "", **settings: Any) -> Membership:
    """Open a client's workspace; its creator becomes the first program lead.

    Without a slug one is made from the client's name. Raises ValidationError where a slug that
    was asked for is taken, and `limit` where this person has created too many.
    """
    if sum(map(len, engagements_of(by_user))) >= MAX_ENGAGEMENTS:
        raise ValidationError(TOO_MANY, code="limit")
    engagement = _open(slug=slug, settings=settings)
    limits.require(limits.ENGAGEMENTS, by_user.pk)
    with scope(engagement.id):
        return Membership.objects.create(
            engagement=engagement,
            user=by_user,
            email=by_user.email,
            name=str(by_user),
            role=Role.LEAD,
        )


@transaction.atomic
def prepare_engagement(
    *, email: str, name: str, slug: str = "", now: dt.datetime, **settings: Any
) -> Invitation:
    """Open a workspace for a lead who has no account yet; nothing is mailed."""
    engagement = _open(slug=slug, settings=settings)
    with scope(engagement.id):
        lead = Membership.objects.create(
            engagement=engagement, email=email, name=name, role=Role.LEAD
        )
        return issue_invitation(membership=lead, by=None, now=now)


@transaction.atomic
def update_engagement(
    *, engagement: Engagement, version: int, by: Membership, now: dt.datetime, **settings: Any
) -> Engagement:
    """Change the settings that hold for the whole engagement.

    A new rhythm doesn't affect past check-ins (M6.3); another name of the same zone is no new one.
    Raises StaleEdit if someone saved in the
    meantime, and ValidationError: `owner` (M9.3), or `bands_frozen` if the bands would change after
    the first cycle started (M5.4).
    """
    before = {name: getattr(engagement, name) for name in RHYTHM}
    before["time_zone"] = current_zone(engagement.time_zone)
    moves = any(settings.get(name, value) != value for name, value in before.items())
    with _rhythm_changes(engagement) if moves else nullcontext():
        owners = [settings.get("workflow_owner"), settings.get("context_owner")]
        require_right(by, Permission.MANAGE_SETTINGS, owners=owners)
        current: Engagement = lock_for_edit(engagement, version=version)
        check_owners(*owners)
        frozen = current.bands_are_frozen(today=current.today(now))
        if frozen and settings.get("bands", current.bands) != current.bands:
            raise ValidationError(BANDS_FROZEN, code="bands_frozen")
        changes: dict[str, Any] = {**settings, "version": version + 1}
        changes |= {"saved_by": by, "saved_at": now}
        if moves:
            changes["rhythm_since"] = now
        for field, value in changes.items():
            setattr(current, field, value)
        current.save(update_fields=list(changes))
    return current


def freeze_bands(*, engagement: Engagement, on: dt.date | None) -> None:
    """Note the start of the first cycle, from which day on the bands are fixed (M5.4)."""
    engagement.bands_frozen_on = on
    engagement.save(update_fields=["bands_frozen_on"])


@contextmanager
def counted_once(engagement: Engagement, *written: type[TenantModel]) -> Iterator[None]:
    """Insert many rows of these models in a transaction, and lock the engagement at the end only.

    Their triggers count its versions up, for which they would lock it from the first row on.
    """
    counters = [
        trigger.get_pgid(model)
        for model in written
        for trigger in model._meta.triggers  # type: ignore[attr-defined]
        if trigger.name in ("shows_on_status_insert", "shows_in_rows_insert")
    ]
    with connection.cursor() as cursor:
        cursor.execute(IGNORE_TRIGGERS, [f"{{{','.join(counters)}}}"])
        yield
        cursor.execute(IGNORE_TRIGGERS, ["{}"])
    versions = {name: F(name) + 1 for name in ("status_version", "row_version")}
    Engagement.objects.filter(pk=engagement.pk).update(**versions)


@transaction.atomic
def close_engagement(*, engagement: Engagement, by: Membership, now: dt.datetime) -> Engagement:
    """Close the engagement: it becomes read-only and nothing is due until it is reopened.

    The next digests drop waiting notices. Closing twice changes nothing.
    """
    current = _locked(engagement, by=by, exclusive=True)
    if not current.is_closed:
        current.closed_at, current.closed_by = now, by
        _save(current, "closed_at", "closed_by", by=by, now=now)
    return current


@transaction.atomic
def reopen_engagement(*, engagement: Engagement, by: Membership, now: dt.datetime) -> Engagement:
    """Take the work up again; nothing is asked for that was due while it was closed (M6.3)."""
    with _rhythm_changes(engagement):
        current = _locked(engagement, by=by)
        if current.is_closed:
            current.closed_at = current.closed_by = None
            current.rhythm_since = now
            _save(current, "closed_at", "closed_by", "rhythm_since", by=by, now=now)
    return current


def _open(*, slug: str, settings: dict[str, Any]) -> Engagement:
    if slug:
        engagement = _insert(slug=slug, settings=settings)
        if engagement is None:
            raise ValidationError(SLUG_TAKEN, code="slug_taken")
        return engagement
    base = slugify(settings["client_name"])[:50] or "client"
    slug = base
    # Another client's slug is confidential: choose a free one without saying that it is taken.
    while (engagement := _insert(slug=slug, settings=settings)) is None:
        slug = f"{base}-{new_public_id()[:4]}"
    return engagement


def _insert(*, slug: str, settings: dict[str, Any]) -> Engagement | None:
    """Insert the engagement; return None if the slug is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('engagements_engagement', 'id'))")
        (new_id,) = cursor.fetchone()
    # The wall refuses rows outside the scope, so the scope comes before the row.
    try:
        with scope(new_id), transaction.atomic():
            return Engagement.objects.create(id=new_id, slug=slug, **settings)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        return None


def _locked(engagement: Engagement, *, by: Membership, exclusive: bool = False) -> Engagement:
    """Return the engagement as it is now; exclusively once no command works in it any more."""
    lock(by)
    (current,) = lock(engagement, exclusive=exclusive)
    require_right(by, Permission.MANAGE_SETTINGS, even_when_closed=True)
    return current


def _save(engagement: Engagement, *fields: str, by: Membership, now: dt.datetime) -> None:
    engagement.version += 1  # forms that were opened before are stale
    engagement.saved_by, engagement.saved_at = by, now
    engagement.save(update_fields=[*fields, "version", "saved_by", "saved_at"])
