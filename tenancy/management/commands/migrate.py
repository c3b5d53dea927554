from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

LAST_COMMIT = "4beda1b"  # the last commit with the older migrations
OLDER_LAYOUT = ("engagements", "0002_status_pages")
REFUSAL = f"""\
This database has the layout of an earlier version, which cannot be brought up to date.
To keep its data, export each client with the earlier version first:
    git checkout {LAST_COMMIT}
    python manage.py export_engagement SLUG
Then begin with an empty database. `make run FRESH=1` sets the embedded one aside."""


class Command(Migrate):
    """Migrates as the owner of the tables unless another connection is named."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        recorder = MigrationRecorder(connections[options["database"]])
        if OLDER_LAYOUT in recorder.applied_migrations():
            raise CommandError(REFUSAL)
        super().handle(*args, **options)
