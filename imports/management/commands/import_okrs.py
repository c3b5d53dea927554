from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagements.management.lookups import find_engagement
from engagements.models import Membership, Role
from imports.commands import ImportRefusedError, check_import, import_okrs
from imports.plans import MAX_REPORTED, Plan, TooCostlyError, counted
from tenancy.scoping import identity, scope


class Command(BaseCommand):
    help = (
        "Loads OKR sets from a CSV file into an engagement: all rows or none. Rows of other"
        " clients are left out if the file names this one. Run it again: nothing doubles."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--engagement", required=True, metavar="SLUG")
        parser.add_argument("--by", metavar="EMAIL", help="the importing lead; default: the first")
        parser.add_argument("--client", default="", help="take only the rows that name this client")
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        engagement_id = find_engagement(options["engagement"])
        with scope(engagement_id):
            by = find_lead(engagement_id, email=options["by"])
            sheet = {"content": content, "by": by, "client": options["client"]}
            # History records that the lead did this.
            with identity(user_id=by.user_id):
                plan = self.run(sheet, dry_run=options["dry_run"])
        self.stdout.write(summary(plan, dry_run=options["dry_run"]))

    def run(self, sheet: dict[str, Any], *, dry_run: bool) -> Plan:
        try:
            if dry_run:
                plan = check_import(**sheet, max_problems=MAX_REPORTED)
            else:
                plan = import_okrs(**sheet, max_problems=MAX_REPORTED, now=timezone.now())
        except ImportRefusedError as refused:
            plan = refused.plan
            if not plan.problems:
                raise CommandError("The engagement has changed meanwhile. Run it again.") from None
        except TooCostlyError:
            raise CommandError("The file takes too much time or memory to check.") from None
        for problem in plan.problems:
            self.stderr.write(str(problem))
        if plan.problems_left_out:
            self.stderr.write(f"And {plan.problems_left_out} more.")
        if plan.problems:
            count = counted(plan.problem_count, "problem")
            raise CommandError(f"Nothing was written: {count}.")
        return plan


def find_lead(engagement_id: int, *, email: str | None) -> Membership:
    leads = Membership.objects.active().filter(engagement_id=engagement_id, role=Role.LEAD)
    if email:
        leads = leads.filter(email=email)
    lead = leads.select_related("engagement").order_by("id").first()
    if lead is None:
        who = f"{email} does not lead" if email else "Nobody leads"
        raise CommandError(f"{who} this engagement.")
    return lead


def summary(plan: Plan, *, dry_run: bool) -> str:
    verb = "Would make" if dry_run else "Made"
    made = [counted(count, noun) for noun, count in plan.made.items()]
    sentences = [f"{verb} {', '.join(made)}."]
    if plan.already_there:
        sentences.append(f"There already: {counted(plan.already_there, 'key result')}.")
    if plan.of_other_clients:
        sentences.append(f"Left out, of other clients: {counted(plan.of_other_clients, 'row')}.")
    if plan.other_clients:
        names = ", ".join(plan.other_clients)
        sentences.append(
            f"The file names {names} and not this client: all rows named so were taken."
            " --client NAME takes those of one."
        )
    return " ".join(sentences)
