import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from accounts.models import User
from engagements.commands.engagements import create_engagement, prepare_engagement
from engagements.links import invitation_url


class Command(BaseCommand):
    help = (
        "Create an engagement with its program lead, for example the first of an installation."
        " Prints the link with which the lead creates their account, without sending an email."
        " The very first person can leave out the client and create it in the browser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email address of the lead")
        parser.add_argument("--client", default="", help="name of the client")
        parser.add_argument("--name", default="", help="name of the lead (default: the address)")
        parser.add_argument(
            "--password",
            action="store_true",
            help="ask for a password and create the account now, instead of printing a link",
        )

    def handle(self, *, email: str, client: str, name: str, password: bool, **_: Any) -> None:
        try:
            validate_email(email)
            user = User.objects.filter(email=email).first()
            if not client and (user or not password or User.objects.exists()):
                raise CommandError(
                    "Set --client NAME. Only the very first person can leave it out, with"
                    " --password."
                )
            if user is None and password:
                user = new_user(email=email, name=name)
            if user is not None and not client:
                self.stdout.write(f"{user.email} can sign in and create the first engagement.")
                return
            if user is not None:
                lead = create_engagement(client_name=client, by_user=user)
                self.stdout.write(f"{lead.engagement} is open. {user.email} signs in as its lead.")
                return
            invitation = prepare_engagement(
                client_name=client, email=email, name=name or email, now=timezone.now()
            )
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        self.stdout.write(
            f"{client} is open. Its lead joins here, until {invitation.expires_at:%d %B}:"
        )
        self.stdout.write(invitation_url(invitation))


def new_user(*, email: str, name: str) -> User:
    """Create an account with a password from the terminal or the first line of a pipe."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Repeat: ") != password:
            raise ValidationError("The two passwords differ.")
    else:
        password = sys.stdin.readline().rstrip("\n")
    validate_password(password, User(email=email, name=name))
    return User.objects.create_user(email=email, name=name, password=password)
