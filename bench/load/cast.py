"""People, signed in as by a login, and shared links: who visits what."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from django.utils.crypto import get_random_string

from bench.load.plan import Client, Person
from engagements import tokens
from engagements.models import Role, ShareLink, User
from engagements.scoping import unscoped
from engagements.sessions import SessionStore
from engagements.share_links import token_of
from engagements.tenancy import new_public_id
from reviews.seeding import write

MOST = 2_000  # memberships whose people are signed in
NAMES = rf"\b(?:{'|'.join(write.NAMES)}) \d+(?![\d/])"

MEMBERSHIPS = """
    SELECT m.user_id, m.id, e.slug, m.role FROM engagements_membership m
    JOIN engagements_engagement e ON e.id = m.engagement_id
    WHERE m.removed_at IS NULL ORDER BY m.id
"""
CLIENTS = """
    SELECT e.id, e.slug, e.client_name, min(m.id) FROM engagements_engagement e
    JOIN engagements_membership m ON m.engagement_id = e.id AND m.role = 'lead'
    WHERE e.slug = ANY(%s) GROUP BY e.id ORDER BY e.id
"""
KEY_RESULTS = """
    SELECT e.slug, k.public_id, k.owner_id, k.latest_value::text FROM okrs_keyresult k
    JOIN engagements_engagement e ON e.id = k.engagement_id
    WHERE e.slug = ANY(%s) ORDER BY k.id
"""


def cast(*, seed: int) -> tuple[dict[str, Client], list[Person]]:
    """People from the whole database and all clients that they read.

    Drawn by membership: whoever serves many clients is as much more likely to come.
    """
    chance = random.Random(seed)  # noqa: S311 - the same people each time
    memberships: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    rows = _rows(MEMBERSHIPS)
    for user, *membership in rows:
        memberships[user].append((membership[0], membership[1], membership[2]))
    drawn = sorted({row[0] for row in chance.sample(rows, min(MOST, len(rows)))})
    slugs = sorted({slug for user in drawn for _, slug, _ in memberships[user]})
    inside, owned = defaultdict(list), defaultdict(list)
    for slug, key_result, owner, value in _rows(KEY_RESULTS, slugs):
        inside[slug].append(key_result)
        owned[owner].append((slug, key_result, value))
    sessions = sign_in(User.objects.using("owner").filter(pk__in=drawn))
    people = [
        Person(
            session=sessions[user],
            reads=[slug for _, slug, _ in memberships[user]],
            is_viewer=all(role == Role.VIEWER for _, _, role in memberships[user]),
            cards=[card for member, _, _ in memberships[user] for card in owned[member]],
        )
        for user in drawn
    ]
    return share(slugs, inside), people


def sign_in(users: Iterable[User]) -> dict[int, str]:
    """What a login leaves, for each: a session in the database and in the cache. Keys by user."""
    store = SessionStore()
    held = {
        user.pk: (
            get_random_string(32, VALID_KEY_CHARS),
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            },
        )
        for user in users
    }
    until = store.get_expiry_date()
    Session.objects.bulk_create(
        Session(session_key=key, session_data=store.encode(data), expire_date=until)
        for key, data in held.values()
    )
    cached = {store.cache_key_prefix + key: data for key, data in held.values()}
    cache.set_many(cached, store.get_expiry_age())
    return {user: key for user, (key, _) in held.items()}


def share(slugs: list[str], key_results: dict[str, list[str]]) -> dict[str, Client]:
    """A link to the status page of each client; the clients by slug."""
    now, clients, links = timezone.now(), {}, []
    for engagement, slug, name, lead in _rows(CLIENTS, slugs):
        link = ShareLink(
            engagement_id=engagement,
            public_id=new_public_id(),
            label="Board",
            created_by_id=lead,
            created_at=now,
            expires_at=now + dt.timedelta(days=30),
        )
        token = token_of(link)
        link.token_hash = tokens.hash_of(token)
        links.append(link)
        inside = key_results[slug]
        clients[slug] = Client(slug=slug, name=name, key_results=inside, share_token=token)
    with unscoped():
        ShareLink.objects.using("owner").bulk_create(links, batch_size=1_000)
    return clients


def _rows(statement: str, *values: list[str]) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
