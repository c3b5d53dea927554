import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from decisions.queries.chain import End, Log, differs_from, verify_logs

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Verify the decision logs. Lists each decision that was edited, deleted, back-dated or cut"
        " off, and fails if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--engagement", default="", metavar="SLUG", help="only this one")
        meaning = "a published head, for example from a report: the log must still have it"
        parser.add_argument("--head", default="", metavar="NUMBER:HASH", help=meaning)

    def handle(self, *, engagement: str, head: str, **_: Any) -> None:
        published = read_head(head) if head else None
        if published and not engagement:
            raise CommandError("Name the engagement whose head this is: --engagement SLUG.")
        logs = verify_logs(slug=engagement)
        if engagement and not logs:
            raise CommandError(f"There is no engagement “{engagement}”.")
        faults = [fault for log in logs for fault in self.show(log)]
        if published and (difference := differs_from(published, slug=engagement)):
            self.stdout.write(f"  {difference}")
            faults.append(difference)
        if faults:
            sys.exit(1)

    def show(self, log: Log) -> list[str]:
        many = "" if log.decisions == 1 else "s"
        state = "intact" if log.is_intact else f"{len(log.faults)} at fault"
        head = f"head {log.head.number}:{log.head.hash}" if log.head.number else "no head"
        self.stdout.write(f"{log.slug}: {log.decisions} decision{many}, {state}, {head}")
        for fault in log.faults[:MOST_SHOWN]:
            self.stdout.write(f"  {fault}")
        if len(log.faults) > MOST_SHOWN:
            self.stdout.write(f"  And {len(log.faults) - MOST_SHOWN} more.")
        return list(log.faults)


def read_head(text: str) -> End:
    """Parse "12:3f9a…" as a report prints it; at least 12 digits of the hash."""
    match = re.fullmatch(r"(?P<number>[1-9][0-9]{0,8}):(?P<hash>[0-9a-f]{12,64})…?", text.strip())
    if match is None:
        raise CommandError("Give the head as NUMBER:HASH, with 12 or more digits of the hash.")
    return End(number=int(match["number"]), hash=match["hash"])
