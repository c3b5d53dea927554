import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from mail.outbox import resend_dead


class Command(BaseCommand):
    help = (
        "Send messages again that were given up, once the cause is fixed. Outdated messages are"
        " not sent. Sign-in codes are never sent again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        meaning = "only messages given up since then, such as 2026-03-09 or 2026-03-09T10:00:00Z"
        parser.add_argument("--since", type=moment, metavar="MOMENT", help=meaning)

    def handle(self, *, since: dt.datetime | None, **_: Any) -> None:
        count = resend_dead(now=timezone.now(), since=since)
        self.stdout.write(f"{count} {'message is' if count == 1 else 'messages are'} due again.")


def moment(text: str) -> dt.datetime:
    """Parse a day or an instant, in UTC if it names no zone."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is not a date or time.") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
