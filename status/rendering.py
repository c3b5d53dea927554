"""The body of a status page, rendered once for all who read the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from engagements.models import Engagement
from engagements.row_cache import release
from status.schema import Page
from tenancy.caches import CACHE_ERRORS

CACHED_FOR = 60 * 60  # seconds, so that pages that no one opens leave the cache


class Body(NamedTuple):
    """A page without its frame, notices and forms."""

    day: str
    html: str
    footer: str


def render_body(
    read: Callable[[], Page], *, engagement: Engagement, name: str, content: object, **context: Any
) -> Body:
    """Return the body from the cache, else render the page that `read` returns.

    `name` is the page's among those of the client; a newer body replaces the older one. `content`
    identifies what it shows, by a hash or by all that it depends on. All else that the template
    shows is in `context`. Without the cache each reader's body is rendered.
    """
    parts = (content, context, engagement.shows_owners, release())
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    key = f"status:{engagement.cache_name}:{get_language()}:{name}"
    with suppress(*CACHE_ERRORS):
        version, found = cache.get(key) or (None, ())
        if version == digest:
            # Security: rendered below, with every text escaped.
            return Body(*(mark_safe(part) for part in found))  # noqa: S308
    page = read()
    shown = {"page": page, **context}
    body = Body(
        day=page["day"],
        html=render_to_string("status/_page.html", shown),
        footer=render_to_string("status/_page.html#footer", shown),
    )
    with suppress(*CACHE_ERRORS):
        cache.set(key, (digest, tuple(map(str, body))), CACHED_FOR)
    return body
