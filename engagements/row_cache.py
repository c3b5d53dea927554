"""The rows of lists, each rendered once for all members of a client and then cached as HTML.

A row holds only content that all members read alike, and no deadline finer than a day. Its page adds
buttons, forms and tokens around it. Without the cache each page renders its rows again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache as row_cache
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from engagements.models import Engagement
from tenancy.caches import CACHE_ERRORS

SECONDS = 2 * 24 * 60 * 60  # a row's key names its day


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list; `state` is anything else its HTML depends on, such as being late."""

    engagement: Engagement
    public_id: str
    state: str = ""


Contexts = Callable[[Sequence[Row]], Iterable[Mapping[str, Any]]]


def render_rows(
    template: str, rows: Sequence[Row], *, contexts: Contexts, now: dt.datetime
) -> list[SafeString]:
    """Return the HTML of each row, in order; one round trip to the cache, two if any is missing.

    `contexts` gets the missing rows and returns the context of each, with nothing about the
    reader. The engagements must be read before the rows, and after the request's own writes.
    """
    engagements = {row.engagement.pk: row.engagement for row in rows}
    versions = {pk: _version(one, template, now=now) for pk, one in engagements.items()}
    keys = [f"{versions[row.engagement.pk]}:{row.public_id}:{row.state}" for row in rows]
    try:
        cached = row_cache.get_many(keys) if keys else {}
    except CACHE_ERRORS:
        cached = {}
    if missing := {key: row for key, row in zip(keys, rows, strict=True) if key not in cached}:
        fresh = contexts(list(missing.values()))
        rendered = {
            key: str(render_row(template, missing[key].engagement, context))
            for key, context in zip(missing, fresh, strict=True)
        }
        cached |= rendered
        with suppress(*CACHE_ERRORS):
            row_cache.set_many(rendered, SECONDS)
    return [SafeString(cached[key]) for key in keys]


def render_row(template: str, engagement: Engagement, context: Mapping[str, Any]) -> SafeString:
    """Render one row on the client's clock, without the cache."""
    with timezone.override(engagement.zone):
        html = get_template(template).render({**context, "engagement": engagement})
    return SafeString(html.strip())


@cache
def release() -> str:
    """Return a short digest of code, templates and static files, the same on every host."""
    root: Path = settings.BASE_DIR
    apps = [package.parent for package in root.glob("*/__init__.py")]
    sources = [source for app in apps for source in app.rglob("*.py")]
    sources += [*(root / "templates").rglob("*.html"), *(root / "static").rglob("*.*")]
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _version(engagement: Engagement, template: str, *, now: dt.datetime) -> str:
    """Return the client and a digest of all that changes its rows of this template."""
    local = engagement.local(now)
    parts = (
        template,
        engagement.row_version,
        engagement.version,
        local.date(),
        local.time() > engagement.due_time,
        get_language(),
        release(),
    )
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return f"{engagement.pk}:{digest}"
