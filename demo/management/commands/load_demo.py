from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo.events import Client
from demo.loader import has_engagements, load_demo
from demo.story import PASSWORD, PEOPLE, WEEKS, address


class Command(BaseCommand):
    help = "Makes the demo: four clients in mid-cycle and the people who sign in to them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where an engagement exists"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This is not a demo workspace, and everyone knows the demo’s password. Set"
                " PLUMBLINE_DEMO=1 for a workspace that may hold them."
            )
        if has_engagements():
            if not options["if_empty"]:
                raise CommandError(
                    "There are engagements already. The demo needs an empty database."
                )
            self.stdout.write("There are engagements already: no demo was loaded.")
            return
        for client in load_demo(now=timezone.now()):
            self.stdout.write(summary(client))
        self.stdout.write(f"Sign in with the password {PASSWORD} as:")
        for person, name in PEOPLE.items():
            self.stdout.write(f"  {address(person)} ({name})")


def summary(client: Client) -> str:
    story, cycle = client.story, client.cycle
    has_draft = any(event["event"] == "draft_objective" for event in story.events)
    return (
        f"{story.client_name}: {cycle.name}, week {story.week} of {WEEKS},"
        f" {len(story.key_results)} key results, {client.check_ins} check-ins."
        + (f" A draft waits in {cycle.next().name}." if has_draft else "")
    )
