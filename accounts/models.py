from __future__ import annotations

import datetime as dt
import logging
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from tenancy.models import AddressField

logger = logging.getLogger(__name__)


ADDRESS_TAKEN = "Another account uses this address."


class Theme(models.TextChoices):
    SYSTEM = "system", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who signs in by email; without a password only by emailed code."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=username)


class User(AbstractBaseUser):
    """A person who signs in. Memberships link users to engagements and give their roles."""

    email = AddressField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    shortcuts = models.BooleanField(default=True)
    # One message a day, and when it is quiet; on this person's clock (M6.4).
    message_at = models.TimeField(default=dt.time(9))
    quiet_from = models.TimeField(default=dt.time(20))
    quiet_until = models.TimeField(default=dt.time(7))
    wants_reminders = models.BooleanField(default=True)  # before a deadline and after it
    wants_digests = models.BooleanField(default=True)  # Fridays, and the outcome of escalations
    is_active = models.BooleanField(default=True)
    # Sessions from before it end at their next request; null: none was ended.
    signed_out_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    sweep_grants: ClassVar[tuple[str, ...]] = (
        (
            "SELECT (id, email, time_zone, message_at, quiet_from, quiet_until, wants_reminders,"
            " wants_digests, is_active)"
        ),
    )

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_once",
                violation_error_code="taken",
                violation_error_message=ADDRESS_TAKEN,
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        known: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if self.signed_out_at is None:
            return known
        key_salt = "engagements.User.signed_out_at"
        value = f"{known}:{self.signed_out_at.timestamp()}"
        return salted_hmac(key_salt, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def first_name(self) -> str:
        return str(self).split()[0].split("@")[0]


def is_quiet(at: dt.time, *, since: dt.time, until: dt.time) -> bool:
    """Return whether this time of day is in quiet hours (M6.4): `since` counts, `until` does not.

    They may cross midnight. If both times are equal there are none.
    """
    if since <= until:
        return since <= at < until
    return at >= since or at < until


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone, or UTC if this machine doesn't know the name, so that jobs go on."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # "Europe" is a folder
        logger.warning("Unknown time zone %r, UTC is used instead.", name)
        return ZoneInfo("UTC")


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return when the day begins, as aware UTC; if clocks skip midnight, the instant they do."""
    return dt.datetime.combine(day, dt.time(0), tzinfo=zone).astimezone(dt.UTC)
