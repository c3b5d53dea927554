import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagements.management.lookups import find_engagement
from engagements.models import Engagement
from tenancy.scoping import scope
from workspace.exports.archive import export_engagement, export_name


class Command(BaseCommand):
    help = (
        "Writes all tables of an engagement into a zip, with a read-me: OKRs as import_okrs reads"
        " them, check-ins, the decision log with its seals, actions, escalations, blockers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "file", type=Path, nargs="?", help="default: SLUG-DATE.zip in this folder"
        )

    def handle(self, *, slug: str, file: Path | None, **_: Any) -> None:
        now, engagement_id = timezone.now(), find_engagement(slug)
        with scope(engagement_id):
            engagement = Engagement.objects.get(pk=engagement_id)
            path = file or Path(export_name(engagement, now=now))
            try:
                write(engagement, path, now=now)
            except FileExistsError:
                raise CommandError(f"{path} is there already. Name another file.") from None
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}.") from None
        self.stdout.write(f"Wrote {path}, {path.stat().st_size / 1024:.0f} KB.")


def write(engagement: Engagement, path: Path, *, now: dt.datetime) -> None:
    """All of it or no file; never over one that is there."""
    with path.open("xb") as to:
        try:
            export_engagement(engagement, to=to, now=now)
        except BaseException:
            path.unlink()
            raise
