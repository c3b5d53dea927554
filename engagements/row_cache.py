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
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache as row_cache
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from engagements.models import Engagement
from tenancy.caches import CACHE_ERRORS

SECONDS = 2 * 24 * 60 * 60  # a row shows its day


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list; `state` is anything else its HTML depends on, such as being late."""

    engagement: Engagement
    public_id: str
    state: str = ""


Content = TypeVar("Content")
Group = TypeVar("Group")
Contexts = Callable[[Sequence[Content]], Iterable[Mapping[str, Any]]]


def render_rows(
    template: str,
    groups: Iterable[tuple[Group, Sequence[Content]]],
    *,
    row_of: Callable[[Content], Row],
    contexts: Contexts[Content],
    now: dt.datetime,
) -> list[tuple[Group, list[SafeString]]]:
    """Return each group with the HTML of its rows, in order.

    One round trip to the cache, two if any row is missing. `contexts` gets the contents of the
    missing rows and returns the context of each, with nothing about the reader. The engagements
    must be read before the rows, and after the request's own writes.
    """
    groups = list(groups)
    contents = [content for _, own in groups for content in own]
    rows = [row_of(content) for content in contents]
    engagements = {row.engagement.pk: row.engagement for row in rows}
    versions = {pk: _version(one, now=now) for pk, one in engagements.items()}
    names = {pk: f"{one.cache_name}:{template}" for pk, one in engagements.items()}
    # A key has no version, so that a newer row replaces the older one.
    keys = [
        f"row:{names[row.engagement.pk]}:{get_language()}:{row.public_id}:{row.state}"
        for row in rows
    ]
    by_key = dict(zip(keys, zip(rows, contents, strict=True), strict=True))
    try:
        cached = row_cache.get_many(keys) if keys else {}
    except CACHE_ERRORS:
        cached = {}
    html = {
        key: cached[key][1]
        for key, (row, _) in by_key.items()
        if key in cached and cached[key][0] == versions[row.engagement.pk]
    }
    if missing := {key: pair for key, pair in by_key.items() if key not in html}:
        fresh = contexts([content for _, content in missing.values()])
        rendered = {
            key: (versions[row.engagement.pk], str(render_row(template, row.engagement, context)))
            for (key, (row, _)), context in zip(missing.items(), fresh, strict=True)
        }
        html |= {key: text for key, (_, text) in rendered.items()}
        with suppress(*CACHE_ERRORS):
            row_cache.set_many(rendered, SECONDS)
    ordered = iter(keys)
    return [(group, [SafeString(html[next(ordered)]) for _ in own]) for group, own in groups]


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


def _version(engagement: Engagement, *, now: dt.datetime) -> str:
    """Return a digest of all that changes the client's rows."""
    is_past = engagement.due_time_has_passed(now)
    parts = engagement.row_version, engagement.version, engagement.today(now), is_past, release()
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
