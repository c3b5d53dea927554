from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from engagements.commands.accounts import reopen_account
from engagements.management.lookups import find_user


class Command(BaseCommand):
    help = (
        "Open a closed account again, with the memberships that ended as it was closed. The person"
        " signs in anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email address of the account")

    def handle(self, *, email: str, **_: Any) -> None:
        user = find_user(email)
        if user.is_active:
            raise CommandError(f"{user.email} is not closed.")
        restored = reopen_account(user=user)
        self.stdout.write(f"{user.email} can sign in again.")
        for membership in restored:
            role = membership.get_role_display().lower()
            self.stdout.write(f"{membership.engagement}: {membership.name} is {role} again.")
