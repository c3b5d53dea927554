from __future__ import annotations

import datetime as dt
import hashlib
from typing import ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import zone_of
from engagements.locales import default_locale
from scoring import BAND_PRESETS, Bands, Scale
from tenancy.constraints import (
    OWN_TOKEN,
    OWN_USER,
    ActingAuthor,
    SweepAccess,
    TenantForeignKey,
    TenantWall,
)
from tenancy.models import TenantKey, TenantManager, act_pair

MEMBERS_AND_LINK_HOLDERS = (
    "EXISTS (SELECT 1 FROM engagements_membership m WHERE m.engagement_id ="
    f" engagements_engagement.id AND m.user_id = {OWN_USER} AND m.removed_at IS NULL)"
    " OR EXISTS (SELECT 1 FROM engagements_sharelink l WHERE l.engagement_id ="
    f" engagements_engagement.id AND l.token_hash = {OWN_TOKEN} AND l.revoked_at IS NULL)"
)
# The engagement's own columns that its status page depends on.
SHOWN_ON_STATUS = (
    "client_name",
    "time_zone",
    "scale",
    "bands",
    "cadence",
    "due_weekday",
    "due_time",
    "opens_days_before",
    "rhythm_since",
    "shows_owners",
    "closed_at",
)


class Cadence(models.TextChoices):
    WEEKLY = "weekly", "Every week"
    BIWEEKLY = "biweekly", "Every two weeks"
    MONTHLY = "monthly", "Every month"


class GuardrailPreset(models.TextChoices):
    PLAYBOOK = "playbook", "Playbook"
    SMALL_BUSINESS = "small_business", "Small business"
    WIDE = "wide", "Wide"


class Escalation(models.TextChoices):
    EARLY_AWARE = "early_aware", "Watch key results that are only early"
    STRICT = "strict", "Escalate every red"


class StatusPage(models.TextChoices):
    """The content of a client's status page."""

    LIVE = "live", "Live: every check-in at once"
    PUBLISHED = "published", "Published: the latest published report"


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


def scale_choices() -> list[tuple[str, str]]:
    return [(Scale.UNIT.value, "0.0 to 1.0"), (Scale.HUNDRED.value, "0 to 100")]


def band_choices() -> list[tuple[str, str]]:
    return [
        (name, f"{name.capitalize()}: amber from {low}, green {green}, stretch {stretch}")
        for name, (low, green, stretch) in BAND_PRESETS.items()
    ]


def guardrail_choices() -> list[tuple[str, str]]:
    """Describe the presets of M2.5 in words."""
    held = {
        GuardrailPreset.PLAYBOOK: "4 objectives at most, 2 to 4 key results each",
        GuardrailPreset.SMALL_BUSINESS: "3 objectives at most, 2 in a team, 2 to 4 key results",
        GuardrailPreset.WIDE: "3 to 5 objectives, 3 to 5 key results each",
    }
    return [(preset.value, f"{preset.label}: {words}") for preset, words in held.items()]


SLUG_TAKEN = "This address is taken. Choose another one."


class EngagementManager(TenantManager["Engagement"]):
    tenant = "id"


class Engagement(models.Model):
    """One client's workspace: the tenant, and the settings that hold for all of it."""

    slug = models.SlugField(max_length=60)
    client_name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    country = models.CharField(max_length=2, default="DE")
    # Of figures in forms; empty: as in the country.
    locale = models.CharField(max_length=20, blank=True, db_default="")
    scale = models.CharField(max_length=8, choices=scale_choices, default=Scale.UNIT.value)
    bands = models.CharField(max_length=20, choices=band_choices, default="playbook")
    bands_frozen_on = models.DateField(null=True, blank=True)  # the first cycle's start (M5.4)
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.WEEKLY)
    due_weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    due_time = models.TimeField(default=dt.time(10, 0))
    opens_days_before = models.PositiveSmallIntegerField(default=3)
    # Since when the zone and these four hold; null: since ever. Nothing due before was asked by them.
    rhythm_since = models.DateTimeField(null=True, blank=True)
    guardrails = models.CharField(
        max_length=20, choices=GuardrailPreset.choices, default=GuardrailPreset.PLAYBOOK
    )
    escalation = models.CharField(
        max_length=12, choices=Escalation.choices, default=Escalation.EARLY_AWARE
    )
    pauses_weekends = models.BooleanField(default=False)  # clocks that count hours (M7.8)
    status_page = models.CharField(
        max_length=10, choices=StatusPage.choices, default=StatusPage.LIVE
    )
    shows_owners = models.BooleanField(default=True, db_default=True)  # to clients (M12)
    vision = models.CharField(max_length=2000, blank=True)
    strategy_themes = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    # Chosen per engagement (M9.3); empty means the leads.
    workflow_owner = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    context_owner = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    # The work here is over: it asks for nothing and changes no more, until it is opened again.
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    # Of the settings; a form that was opened before is stale.
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    # Counted up by the database with every write that a status page may show.
    status_version = models.BigIntegerField(default=1)
    # The same for every write that a cached row of a list may show (`engagements.row_cache`).
    row_version = models.BigIntegerField(default=1, db_default=1)
    # By job, since when its runs leave this engagement out (`engagements.left_out`).
    left_out = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EngagementManager()
    sweep_grants: ClassVar[tuple[str, ...]] = (
        (
            "SELECT (id, time_zone, country, cadence, due_weekday, due_time, opens_days_before,"
            " rhythm_since, escalation, pauses_weekends, closed_at, status_version, left_out)"
        ),
        # Also to hold it against a close: FOR KEY SHARE needs an UPDATE grant.
        "UPDATE (status_version, left_out)",
    )

    class Meta:
        ordering = ["client_name"]
        constraints = [
            TenantWall(name="engagement_wall", column="id", also=MEMBERS_AND_LINK_HOLDERS),
            SweepAccess(name="engagement_sweep", operations=("SELECT", "UPDATE")),
            models.UniqueConstraint(
                fields=["slug"],
                name="engagement_slug_once",
                violation_error_code="slug_taken",
                violation_error_message=SLUG_TAKEN,
            ),
            models.CheckConstraint(
                condition=models.Q(due_weekday__lte=6), name="engagement_due_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(opens_days_before__lte=7), name="engagement_opens_within_week"
            ),
            act_pair("engagement", "closed"),
            act_pair("engagement", "saved"),
            *(
                TenantForeignKey(field=key, name=f"engagement_{key}_key", column="id")
                for key in ("workflow_owner", "context_owner", "closed_by", "saved_by")
            ),
            ActingAuthor(fields=("closed_by", "saved_by"), name="engagement_authors"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="shows_on_status",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*SHOWN_ON_STATUS),
                func="NEW.status_version = OLD.status_version + 1; RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.client_name

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def cache_name(self) -> str:
        """Return this client's name in cache keys, which differs from any in another database."""
        parts = (self.pk, self.slug, str(self.created_at))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    @property
    def rag_bands(self) -> Bands:
        return BAND_PRESETS[self.bands]

    @property
    def score_scale(self) -> Scale:
        return Scale(self.scale)

    @property
    def figure_locale(self) -> str:
        return self.locale or default_locale(self.country)

    def local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.zone)

    def bands_are_frozen(self, *, today: dt.date) -> bool:
        """Another preset can be chosen before the first cycle starts, never after (M5.4)."""
        return self.bands_frozen_on is not None and self.bands_frozen_on <= today

    def today(self, now: dt.datetime) -> dt.date:
        return self.local(now).date()

    @property
    def out_of_date(self) -> list[tuple[str, dt.date]]:
        """Return the jobs that leave this engagement out, each with the day since when."""
        noted = self.left_out.items()
        return [(job, self.today(dt.datetime.fromisoformat(since))) for job, since in noted]

    def due_time_has_passed(self, now: dt.datetime) -> bool:
        """Return whether the due time has passed on the client's day, by the instant.

        At a clock change it is as in `checkins.periods`: a due time that is skipped counts later,
        one that happens twice counts the first time.
        """
        due_at = dt.datetime.combine(self.today(now), self.due_time, tzinfo=self.zone)
        return now > due_at.astimezone(dt.UTC)
