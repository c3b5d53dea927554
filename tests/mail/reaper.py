"""A mail server on loopback that counts what it takes, and kills who brings certain messages."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from signal import SIGKILL

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.smtp import MailServer

BEFORE, AFTER = "before it is accepted", "after it is accepted"


@dataclass
class Reaper(MailServer):
    """`deaths` says at which message its sender is killed, and whether the mail counts as taken.

    Only processes of `group` are killed, which the test started. `pace` seconds go by at each.
    """

    deaths: Mapping[int, str] = field(default_factory=dict)
    group: int = 0
    pace: float = 0
    seen: int = 0
    killed: int = 0
    last_kill: float = 0  # of the monotonic clock
    finished: float = 0
    taken: Counter[str] = field(default_factory=Counter)  # by recipient
    copies: Counter[bytes] = field(default_factory=Counter)  # by Message-ID

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.seen += 1
        death = self.deaths.get(self.seen)
        time.sleep(self.pace)
        if death != BEFORE:
            self.taken.update(envelope.rcpt_tos)
            self.copies.update(re.findall(rb"^Message-ID: (.*?)\r", content(envelope), re.M))
        if death:
            self.kill(envelope)
        return "250 OK"

    def kill(self, envelope: Envelope) -> None:
        (sender,) = re.findall(rb"\r\n\r\n(\d+)\s*$", content(envelope))
        if os.getpgid(int(sender)) == self.group:
            os.kill(int(sender), SIGKILL)
            self.killed += 1
            self.last_kill = time.monotonic()

    @property
    def doubled(self) -> int:
        """How many copies too many it has taken."""
        return self.taken.total() - len(self.taken)

    def lost(self, recipients: set[str]) -> int:
        return len(recipients - set(self.taken))


def content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content
