"""A real SMTP server on loopback, which can be told to refuse, put off or ignore a recipient."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, TypeVar, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django.fixtures import Settings


@dataclass
class MailServer:
    """What arrived, and how it treats some recipients."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    refused: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)

    @property
    def recipients(self) -> list[str]:
        return [message["To"] for message in self.messages]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.silent:
            await asyncio.Event().wait()
        if address in self.refused:
            return "550 No such mailbox"
        if address in self.deferred:
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = cast(bytes, envelope.content)
        self.messages.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 OK"


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Its text part, or its HTML part, with plain line ends."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


S = TypeVar("S", bound=MailServer)
TURN = 0.01  # seconds: more than an accepted connection takes to begin, or a closed one to end


class Listener(Controller):
    """Listens on a socket that is bound already: no port to lose between asking and taking."""

    def __init__(self, handler: MailServer, bound: socket.socket) -> None:
        self.bound = bound
        self.made: list[SMTP] = []
        super().__init__(handler, hostname="127.0.0.1", port=bound.getsockname()[1])

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.bound)

    def factory(self) -> SMTP:
        self.made.append(SMTP(self.handler, **self.SMTP_kwargs))
        return self.made[-1]

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        """Close every connection before the loop stops: one left open is a warning later."""
        self.closing = self.loop.create_task(self._close())

    async def _close(self) -> None:
        self.loop.remove_reader(self.bound)  # closed first, asyncio would lose one it has accepted
        await asyncio.sleep(TURN)
        for one in self.made:
            if one.transport is not None:
                cast(asyncio.Transport, one.transport).abort()
        for task in asyncio.all_tasks() - {self.closing}:
            task.cancel()
        await asyncio.sleep(TURN)
        self.loop.stop()


@contextmanager
def listening(kind: type[S], **how: Any) -> Iterator[S]:
    """A server of that kind, for as long as the block lasts."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = kind(port=bound.getsockname()[1], **how)
    listener = Listener(server, bound)
    listener.start()
    try:
        yield server
    finally:
        listener.stop()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """Django's mail goes here for the length of the test."""
    with listening(MailServer) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 0.5
        yield server
