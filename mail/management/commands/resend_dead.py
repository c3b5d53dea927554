from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from mail.dead_letters import resend_dead


class Command(BaseCommand):
    help = (
        "Send the messages after all that were given up, once what kept them is mended. What has"
        " lost its cause meanwhile is not sent. Sign-in codes are not kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=moment,
            metavar="MOMENT",
            help="only those given up since then, such as 2026-03-09 or 2026-03-09T10:00:00Z",
        )

    def handle(self, *, since: dt.datetime | None, **_: Any) -> None:
        count = resend_dead(now=timezone.now(), since=since)
        self.stdout.write(f"{count} {'message is' if count == 1 else 'messages are'} due again.")


def moment(text: str) -> dt.datetime:
    """Parse a day or an instant, in UTC if it names no zone."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day and no moment.") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
