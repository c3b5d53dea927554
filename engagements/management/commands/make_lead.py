from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from engagements.commands.accounts import make_lead
from engagements.links import invitation_url
from engagements.management.lookups import find_engagement
from engagements.models import Engagement
from tenancy.scoping import scope


class Command(BaseCommand):
    help = (
        "Make a person a program lead of an engagement, for example if its only lead left. Prints a"
        " link for someone who has yet to join, without sending an email."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email address of the person")
        parser.add_argument("slug", help="engagement, as in its address /e/SLUG/")

    def handle(self, *, email: str, slug: str, **_: Any) -> None:
        engagement_id = find_engagement(slug)
        try:
            validate_email(email)
            with scope(engagement_id):
                engagement = Engagement.objects.get(pk=engagement_id)
                invitation = make_lead(engagement=engagement, email=email, now=timezone.now())
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        if invitation is None:
            self.stdout.write(f"{email} is a program lead of {engagement} now.")
            return
        self.stdout.write(
            f"Send {email} this link to lead {engagement}. It works until"
            f" {invitation.expires_at:%d %B}:\n{invitation_url(invitation)}"
        )
