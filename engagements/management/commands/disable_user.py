from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commands import disable_user
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Close an account: the person can't sign in, and open sessions end at their next request."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email address of the account")

    def handle(self, *, email: str, **_: Any) -> None:
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"There is no account with the address {email}.")
        disable_user(user=user)
        self.stdout.write(f"{user.email} can no longer sign in.")
