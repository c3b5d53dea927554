from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagements.management.lookups import find_engagement
from engagements.models import Membership, Role
from imports.child import TooCostlyError
from imports.commands import ImportRefusedError, check_import, import_okrs
from imports.plans import MAX_REPORTED, Plan, counted
from imports.problems import Answers
from imports.sheets import SheetError
from tenancy.scoping import identity, scope


class Command(BaseCommand):
    help = (
        "Loads OKR sets from an Excel or CSV file into an engagement: all rows or none. Rows of other"
        " clients are left out if the file names this one. Run it again: nothing doubles."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--engagement", required=True, metavar="SLUG")
        parser.add_argument("--by", metavar="EMAIL", help="the importing lead; default: the first")
        parser.add_argument("--client", default="", help="take only the rows that name this client")
        parser.add_argument("--cycle", default="", help="the cycle of rows that name none")
        parser.add_argument("--numbers", default="", choices=[",", "."], help="the decimal sign")
        parser.add_argument("--dates", default="", choices=["day", "month"], help="comes first")
        parser.add_argument("--fiscal-year-starts", default="", choices=[*map(str, range(1, 13))])
        parser.add_argument("--fractions", default="", choices=["percent", "number"])
        parser.add_argument("--skip-problems", action="store_true", help="import the other rows")
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        engagement_id = find_engagement(options["engagement"])
        with scope(engagement_id):
            by = find_lead(engagement_id, email=options["by"])
            answers = Answers(
                client=options["client"],
                cycle=options["cycle"],
                decimal=options["numbers"],
                dates=options["dates"],
                fiscal=options["fiscal_year_starts"],
                fractions=options["fractions"],
            )
            sheet = {"content": content, "by": by, "answers": answers, "now": timezone.now()}
            # History records that the lead did this.
            with identity(user_id=by.user_id):
                skips = options["skip_problems"]
                plan = self.run(sheet, dry_run=options["dry_run"], skips=skips)
        self.stdout.write(summary(plan, dry_run=options["dry_run"]))

    def run(self, sheet: dict[str, Any], *, dry_run: bool, skips: bool) -> Plan:
        try:
            plan = (
                check_import(**sheet, max_problems=MAX_REPORTED)
                if dry_run
                else import_okrs(**sheet, max_problems=MAX_REPORTED, skips=skips)
            )
        except ImportRefusedError as refused:
            plan, skips = refused.plan, False
            if not plan.problems:
                raise CommandError("The engagement has changed meanwhile. Run it again.") from None
        except TooCostlyError:
            raise CommandError("The file takes too much time or memory to check.") from None
        except SheetError as error:
            raise CommandError(f"{error}") from None
        self.report(plan, is_fatal=not skips)
        return plan

    def report(self, plan: Plan, *, is_fatal: bool) -> None:
        for problem in plan.problems:
            answers = " or ".join(offer.label for offer in problem.offers)
            self.stderr.write(f"{problem}{f' ({answers})' if answers else ''}")
        if plan.problems_left_out:
            self.stderr.write(f"And {plan.problems_left_out} more.")
        if plan.problems and is_fatal:
            count = counted(plan.problem_count, "problem")
            raise CommandError(f"Nothing was written: {count}.")


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
