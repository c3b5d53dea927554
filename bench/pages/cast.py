"""Who asks for what: seeded people, signed in, and addresses drawn from all of the data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import connections
from django.utils import timezone

from bench.load.cast import sign_in
from bench.pages.asking import Environ, get, post
from engagements.models import Engagement, Membership, Role, User
from engagements.scoping import scope, unscoped
from okrs.weeks import monday_of
from reviews.commands import draw_agenda, start_review
from reviews.models import Review
from reviews.seeding import address

SAMPLE = 200  # clients that are visited
REVIEWS = 8  # that run
SEED = 2026
VISITED = """
    SELECT e.id, e.slug, (SELECT array_agg(k.public_id ORDER BY k.id) FROM okrs_keyresult k
        WHERE k.engagement_id = e.id),
        (SELECT user_id FROM engagements_membership m
         WHERE m.engagement_id = e.id AND m.role = 'viewer' ORDER BY id LIMIT 1),
        (SELECT user_id FROM engagements_membership m
         WHERE m.engagement_id = e.id AND m.role = 'champion' ORDER BY id LIMIT 1)
    FROM engagements_engagement e ORDER BY md5(e.id::text) LIMIT %s
"""
UNANSWERED = """
    SELECT e.slug, k.public_id, k.latest_value::text,
        (SELECT c.public_id FROM checkins_checkin c
         WHERE c.engagement_id = k.engagement_id AND c.key_result_id = k.id ORDER BY id DESC LIMIT 1)
    FROM okrs_keyresult k
    JOIN engagements_engagement e ON e.id = k.engagement_id
    JOIN engagements_membership m ON m.engagement_id = e.id AND m.user_id = %s
    ORDER BY md5(k.public_id)
"""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client with who reads its status page and who works there, by their sessions."""

    id: int
    slug: str
    key_results: list[str]
    viewer: str
    champion: str


@dataclass(kw_only=True)
class Cast:
    """Everybody; draws another client at each request, the same ones in each run."""

    clients: list[Client]
    consultant: str
    posts: Iterator[tuple[str, str, str, str]]
    reviews: list[tuple[Client, str]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311

    def status(self) -> Environ:
        one = self.chance.choice(self.clients)
        return get(f"/e/{one.slug}/status/", session=one.viewer)

    def page(self, path: str = "") -> Environ:
        one = self.chance.choice(self.clients)
        return get(f"/e/{one.slug}/{path}", session=one.champion)

    def key_result(self) -> Environ:
        one = self.chance.choice(self.clients)
        named = self.chance.choice(one.key_results)
        return get(f"/e/{one.slug}/key-results/{named}/", session=one.champion)

    def review(self) -> Environ:
        one, review = self.chance.choice(self.reviews)
        return get(f"/e/{one.slug}/reviews/{review}/", session=one.champion)

    def check_in(self) -> Environ:
        """Of another card of the consultant's clients each time."""
        slug, key_result, value, seen = next(self.posts)
        today = timezone.now().date()
        said = {
            "actual": value or "7",
            "measured_on": str(monday_of(today)),
            "confidence": "4",
            "insight": "Two stores moved the shelf, and buyers found it.",
            "next_action": "Move the shelf in all other stores too",
            "next_action_due": f"{today.year + 1}-01-15",
            "seen": seen or "",
            "key": str(uuid4()),
        }
        path = f"/e/{slug}/key-results/{key_result}/check-in/"
        return post(path, said, session=self.consultant)


def gather() -> Cast:
    """From a database that `manage.py seed` has filled."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(VISITED, [SAMPLE])
        rows = cursor.fetchall()
    consultant = User.objects.using("owner").get(email=address("consultant"))
    known = {consultant.pk, *(row[3] for row in rows), *(row[4] for row in rows)}
    sessions = sign_in(User.objects.using("owner").filter(pk__in=known))
    clients = [
        Client(id=pk, slug=slug, key_results=named, viewer=sessions[one], champion=sessions[two])
        for pk, slug, named, one, two in rows
    ]
    with connections["owner"].cursor() as cursor:
        cursor.execute(UNANSWERED, [consultant.pk])
        posts = iter(cursor.fetchall())
    cast = Cast(clients=clients, consultant=sessions[consultant.pk], posts=posts)
    cast.reviews = [(one, _running(one)) for one in clients[:REVIEWS]]
    return cast


def _running(client: Client) -> str:
    """A review of that client, its agenda drawn, which has begun."""
    with unscoped():
        engagement = Engagement.objects.using("owner").get(pk=client.id)
    with scope(client.id):
        lead = Membership.objects.get(engagement=engagement, role=Role.LEAD)
        review = Review.objects.filter(engagement=engagement, started_at=None).first()
        assert review is not None, "The seed plans one."
        draw_agenda(review=review, by=lead, now=timezone.now())
        return start_review(review=review, by=lead, now=timezone.now()).public_id
