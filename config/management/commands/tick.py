import datetime as dt
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import schedule

EXAMPLE = "2026-03-09T10:00:00Z"
FIRST_YEAR, LAST_YEAR = 2000, 2199


class Command(BaseCommand):
    help = (
        "Run every sweep as of one instant, and print one line of JSON with the rows that each"
        " wrote. Nothing is sent twice: the same instant again counts 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        meaning = f"time with its zone, such as {EXAMPLE} (default: now)"
        parser.add_argument("--at", default="", metavar="INSTANT", help=meaning)

    def handle(self, *, at: str, **_: Any) -> None:
        now = read_instant(at) if at else timezone.now()
        try:
            counts = schedule.tick(now=now)
        except schedule.SweepsFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(counts))


def read_instant(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"“{text}” is not a time. Write it as {EXAMPLE}.") from None
    if moment.tzinfo is None:
        raise CommandError(
            f"“{text}” has no time zone. Write {moment:%Y-%m-%dT%H:%M:%S}Z for UTC, or"
            f" an offset such as +01:00 in place of Z."
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CommandError(f"“{text}” is outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return moment.astimezone(dt.UTC)
