import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connections
from django.utils import timezone

from demo.loader import has_engagements
from demo.seeding import address, seed
from okrs.weeks import monday_of

MOST_CLIENTS, MOST_WEEKS = 10_000, 52
OWNS = """
    SELECT bool_and(pg_has_role(current_user, relowner, 'USAGE')) FROM pg_class
    WHERE oid IN ('okrs_keyresult'::regclass, 'checkins_checkin'::regclass)
"""


class Command(BaseCommand):
    help = (
        "Fill an empty database with many clients in mid-cycle, for load tests. Writes as the"
        " tables' owner. No one in it has a password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clients", type=int, default=200, help="how many; 5000 are a million")
        parser.add_argument(
            "--weeks", type=int, default=13, help="for how many weeks they have checked in"
        )

    def handle(self, *, clients: int, weeks: int, **_: Any) -> None:
        within("--clients", clients, most=MOST_CLIENTS)
        within("--weeks", weeks, most=MOST_WEEKS)
        refuse_without_owner()
        if has_engagements():
            raise CommandError(
                "There are engagements already. Seeding needs a database without any."
            )
        began = time.monotonic()
        counts = seed(clients=clients, weeks=weeks, monday=monday_of(timezone.now().date()))
        for table, rows in counts.items():
            self.stdout.write(f"{rows:>9,}  {table}")
        self.stdout.write(f"Seeded in {time.monotonic() - began:.1f} seconds.")
        self.stdout.write(f"{address('consultant')} and {address('lead')} serve the first clients.")


def within(option: str, value: int, *, most: int) -> None:
    if not 1 <= value <= most:
        raise CommandError(f"{option} is {value}. Give a number from 1 to {most}.")


def refuse_without_owner() -> None:
    try:
        with connections["owner"].cursor() as cursor:
            cursor.execute(OWNS)
            (owns,) = cursor.fetchone()
    except Error as error:
        raise CommandError(f"The owner's role cannot reach the tables: {error}") from error
    if not owns:
        raise CommandError(
            "The role in DATABASE_OWNER_URL does not own the tables. Name the one that migrates."
        )
