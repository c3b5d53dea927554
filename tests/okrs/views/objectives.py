"""Where tests find the pages of an objective."""

from __future__ import annotations

from django.urls import reverse

from okrs.models import Objective

HTMX = {"HX-Request": "true"}


def url_of(objective: Objective, name: str = "objective-detail") -> str:
    slug = objective.cycle.engagement.slug
    return reverse(f"okrs:{name}", args=[slug, objective.public_id])
