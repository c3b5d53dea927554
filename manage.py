#!/usr/bin/env python
"""Django's commands. Those that need the services find them, or start them while they run."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from config.embedded import ServicesError
from config.embedded.stack import join

SERVERLESS = {
    "help",
    "check",
    "makemigrations",
    "collectstatic",
    "version",
    "diffsettings",
    "compilemessages",
}


def needs_services(arguments: list[str]) -> bool:
    """Whether this command line talks to the database or the queue."""
    if not arguments or {"--help", "-h", "--version"} & set(arguments):
        return False
    return arguments[0] not in SERVERLESS


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        lease = join() if needs_services(sys.argv[1:]) else None
    except ServicesError as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)
    if lease:
        lease.release()


if __name__ == "__main__":
    main()
