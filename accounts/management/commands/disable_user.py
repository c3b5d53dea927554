from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commands import disable_user
from accounts.models import User


class Command(BaseCommand):
    help = "Close somebody's account: no sign-in, and open sessions end with their next request."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="address with which the person signs in")

    def handle(self, *, email: str, **_: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {email}.")
        disable_user(user=user)
        self.stdout.write(f"{user.email} can no longer sign in.")
