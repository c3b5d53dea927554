from __future__ import annotations

import datetime as dt
from typing import ClassVar

import pgtrigger
from django.db import models

from engagements.web_links import LONGEST_LINK
from scoring import format_number, format_unit
from tenancy.models import (
    KeyField,
    TenantKey,
    TenantManager,
    TenantModel,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class Refresh(models.TextChoices):
    HOURLY = "hourly", "Hourly"
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"
    QUARTERLY = "quarterly", "Quarterly"
    YEARLY = "yearly", "Yearly"

    @property
    def fits_weekly(self) -> bool:
        return self in {Refresh.HOURLY, Refresh.DAILY, Refresh.WEEKLY}


@tracked(exclude=("name_key",))
class Metric(TenantModel):
    """A metric of the dictionary, with one name, one definition and one source (M4.4)."""

    name = models.CharField(max_length=120)
    name_key = KeyField(of="name")
    definition = models.CharField(max_length=5000, blank=True)
    technical_definition = models.CharField(max_length=5000, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    owner = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    steward = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    source = models.CharField(max_length=120, blank=True)
    source_url = models.CharField(max_length=LONGEST_LINK, blank=True)
    refresh = models.CharField(max_length=10, choices=Refresh.choices, blank=True)
    access = models.CharField(max_length=200, blank=True)
    fetched_by = models.CharField(max_length=200, blank=True)
    valid_low = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    valid_high = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    objects = TenantManager["Metric"]()

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("owner", "steward", authors=("archived_by",)),
            models.UniqueConstraint(
                fields=["engagement", "name_key"],
                name="metric_name_once",
                violation_error_code="duplicate",
                violation_error_message="A metric with this name exists. Choose another name.",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_low=None)
                | models.Q(valid_high=None)
                | models.Q(valid_low__lt=models.F("valid_high")),
                name="metric_range_in_order",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = shows_on_status(in_rows=True)

    def __str__(self) -> str:
        return self.name

    @property
    def unit_sign(self) -> str:
        """Return the unit as it is written: "%" for percent."""
        return "%" if self.unit == "percent" else self.unit

    @property
    def valid_range(self) -> str:
        """Return "0 to 100%", "at least 0 days", "at most 100%"; "" without a range."""
        low, high = self.valid_low, self.valid_high
        if low is not None and high is not None:
            ends = f"{format_number(low)} to {format_number(high)}"
        elif low is not None:
            ends = f"at least {format_number(low)}"
        elif high is not None:
            ends = f"at most {format_number(high)}"
        else:
            return ""
        return ends + format_unit(self.unit_sign)

    @property
    def data_questions_open(self) -> list[str]:
        """Return the data questions without an answer (M4.3), by the labels of the form."""
        answers = {
            "source": self.source,
            "refresh": self.refresh,
            "who has access": self.access,
            "who collects it": self.fetched_by,
        }
        return [question for question, answer in answers.items() if not answer]


GAP_FOR = dt.timedelta(days=14)  # M4.3: how long a key result may carry a data gap
