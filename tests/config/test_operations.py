"""What docs/operations.md tells an operator to type is there to be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.probe import PROBES
from config.start import COMMANDS
from tests.config.test_compose import SERVICES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()


def named(pattern: str) -> set[str]:
    return set(re.findall(pattern, OPERATIONS))


def test_every_process_is_named_with_its_start() -> None:
    assert named(r"config\.start (\w+)") == set(COMMANDS)


def test_what_it_names_exists() -> None:
    assert named(r"config\.probe (\w+)") <= set(PROBES)
    assert named(r"manage\.py (\w+)") <= set(get_commands())
    assert named(r"docker compose (?:exec|run)(?: -T| --rm)? (\w+)") <= set(SERVICES)


def test_every_variable_it_names_is_explained_among_the_settings() -> None:
    explained = set(re.findall(r"^\| `([A-Z_]+)`", (DOCS / "settings.md").read_text(), re.M))

    assert named(r"`([A-Z]+_[A-Z_]+)(?:=\w+)?`") - explained == set()


@pytest.mark.parametrize(
    ("words", "said_by"),
    [
        ("The sweep", "config/schedule.py"),
        ("The mail server is down", "mail/mail_server.py"),
        ("is given up", "mail/delivery.py"),
    ],
)
def test_the_alarms_are_words_of_the_logs(words: str, said_by: str) -> None:
    assert re.search(rf"`ERROR … {words}", OPERATIONS)
    assert re.search(rf"logger\.(error|exception)\(\"[^\"]*{words}", (ROOT / said_by).read_text())
