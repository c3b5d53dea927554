from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagements.models import Engagement, Membership, Role
from engagements.scoping import identity, scope, unscoped
from okrs.imports import ImportRefusedError, Outcome, counted, import_okrs, said_made


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
            try:
                # History says that the lead did this.
                with identity(user_id=by.user_id):
                    outcome = import_okrs(
                        content=content,
                        by=by,
                        client=options["client"],
                        dry_run=options["dry_run"],
                    )
            except ImportRefusedError as refused:
                for problem in refused.problems:
                    self.stderr.write(str(problem))
                count = len(refused.problems)
                raise CommandError(
                    f"Nothing was written: {count} {'problem' if count == 1 else 'problems'}."
                ) from None
        self.stdout.write(said(outcome, dry_run=options["dry_run"]))


def find_engagement(slug: str) -> int:
    # The owner's connection: a command names an engagement before any scope is known.
    with unscoped():
        known = dict(Engagement.objects.using("owner").values_list("slug", "id"))
    if slug not in known:
        raise CommandError(f"No engagement “{slug}”. There are: {', '.join(known) or 'none'}.")
    return known[slug]


def find_lead(engagement_id: int, *, email: str | None) -> Membership:
    leads = Membership.objects.active().filter(engagement_id=engagement_id, role=Role.LEAD)
    if email:
        leads = leads.filter(email__iexact=email)
    lead = leads.select_related("engagement").order_by("id").first()
    if lead is None:
        who = f"{email} does not lead" if email else "Nobody leads"
        raise CommandError(f"{who} this engagement.")
    return lead


def said(outcome: Outcome, *, dry_run: bool) -> str:
    verb = "Would make" if dry_run else "Made"
    sentences = [f"{verb} {', '.join(said_made(outcome.made))}."]
    if outcome.already_there:
        sentences.append(f"There already: {counted(outcome.already_there, 'key result')}.")
    if outcome.of_other_clients:
        sentences.append(f"Left out, of other clients: {counted(outcome.of_other_clients, 'row')}.")
    if outcome.taken_from:
        names = ", ".join(outcome.taken_from)
        sentences.append(
            f"The file names {names} and not this client: all rows named so were taken."
            " --client NAME takes those of one."
        )
    return " ".join(sentences)
