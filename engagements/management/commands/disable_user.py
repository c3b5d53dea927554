from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from engagements.commands.accounts import close_account
from engagements.holdings import held_by
from engagements.management.lookups import find_user
from tenancy.scoping import scope


class Command(BaseCommand):
    help = (
        "Close an account. The person is removed from every engagement, as on its members’ page:"
        " open sessions end at their next request, notifications stop, and the leads see which items"
        " wait for another owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email address of the account")

    def handle(self, *, email: str, **_: Any) -> None:
        user, now = find_user(email), timezone.now()
        try:
            ended = close_account(user=user, now=now)
        except ValidationError as refusal:
            raise CommandError("\n".join(refusal.messages)) from refusal
        self.stdout.write(f"{user.email} can no longer sign in.")
        for membership in ended:
            engagement = membership.engagement
            with scope(engagement.pk):
                held = held_by(membership, today=engagement.today(now))
            kinds = ", ".join(map(str, held)) or "owns nothing"
            self.stdout.write(f"{engagement}: removed {membership.name}, who {kinds}.")
