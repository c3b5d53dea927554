from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from checkins.specimens import NoSubjectError, Specimen, specimens
from engagements import messages
from engagements.commands import add_placeholder
from engagements.commands.invitations import issue_invitation
from engagements.models import Engagement, Membership, Role
from engagements.scoping import identity, scope, unscoped

CODE = {"code": "TH2-K9P"}
RESET = {"password_reset_url": "https://plumbline.example/account/password/reset/key/1-abc/"}


class Command(BaseCommand):
    help = (
        "Write every message to a folder as text and HTML, with an index, for somebody to look at:"
        " each kind and each rule as the rows of an engagement would have it. Nothing is mailed and"
        " nothing stays in the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=Path("var/messages"))
        parser.add_argument("--engagement", metavar="SLUG", help="default: the first")

    def handle(self, *, folder: Path, engagement: str | None, **_: Any) -> None:
        engagement_id = find_engagement(engagement)
        with transaction.atomic(), scope(engagement_id):
            lead = find_lead(engagement_id)
            assert lead.user is not None  # noqa: S101 - asked for
            with identity(user_id=lead.user_id), timezone.override(lead.user.time_zone):
                try:
                    found = [*_of_accounts(lead), *specimens(lead, now=timezone.now())]
                except NoSubjectError as error:
                    raise CommandError(str(error)) from None
            transaction.set_rollback(True)
        for path in _written(found, folder=folder):
            self.stdout.write(str(path))


def find_engagement(slug: str | None) -> int:
    # The owner's connection: a command names an engagement before any scope is known.
    with unscoped():
        known = dict(Engagement.objects.using("owner").order_by("id").values_list("slug", "id"))
    if not known or (slug and slug not in known):
        raise CommandError(
            f"No engagement “{slug or ''}”. There are: {', '.join(known) or 'none'}."
        )
    return known[slug or next(iter(known))]


def find_lead(engagement_id: int) -> Membership:
    leads = Membership.objects.active().filter(engagement_id=engagement_id, role=Role.LEAD)
    lead = (
        leads.filter(user__is_active=True)
        .select_related("engagement", "user")
        .order_by("id")
        .first()
    )
    if lead is None:
        raise CommandError("Nobody who signs in leads this engagement.")
    return lead


def _of_accounts(lead: Membership) -> Iterator[Specimen]:
    """Invitation, sign-in code and link to a new password."""
    person = add_placeholder(
        engagement=lead.engagement,
        email="new.member@example.test",
        name="Robin New",
        role=Role.CONTRIBUTOR,
        by=lead,
    )
    row = issue_invitation(membership=person, by=lead)
    payload = {"engagement": row.engagement_id, "invitation": row.pk}
    yield Specimen(name="invitation", mail=messages.invitation(payload))
    for name, context in (("login_code", CODE), ("password_reset_key", RESET)):
        subject, text = (
            render_to_string(f"account/email/{name}_{part}.txt", context).strip()
            for part in ("subject", "message")
        )
        mail = messages.account_mail({"subject": subject, "text": text})
        yield Specimen(name=name, mail=mail)


def _written(found: list[Specimen], *, folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        headers = "".join(f"{name}: {value}\n" for name, value in one.mail.headers.items())
        text = folder / f"{one.name}.txt"
        text.write_text(
            f"Subject: {one.mail.subject}\n{headers}\n{one.mail.text}\n", encoding="utf-8"
        )
        yield text
        html = folder / f"{one.name}.html"
        html.write_text(one.mail.html, encoding="utf-8")
        yield html
    index = folder / "index.html"
    page = render_to_string("checkins/email/specimens.html", {"specimens": found})
    index.write_text(page, encoding="utf-8")
    yield index
