"""The mail server, for one batch: one connection, and one look whether it is there at all."""

from __future__ import annotations

import logging
from contextlib import suppress

from django.core import mail

logger = logging.getLogger(__name__)


class AwayError(Exception):
    """No connection, no encryption or no sign-in: no recipient was spoken of yet."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class MailServer:
    """Django's backend, held open until `close`, or until a message fails."""

    def __init__(self) -> None:
        self._connection = mail.get_connection()
        self._missed: Exception | None = None

    @property
    def is_away(self) -> bool:
        return self._missed is not None

    def send(self, message: mail.EmailMessage) -> None:
        """Send, or raise AwayError at once if the server was found to be down."""
        if self._missed is None:
            self._open()
        if self._missed is not None:
            raise AwayError(self._missed)
        self._connection.send_messages([message])

    def close(self) -> None:
        with suppress(OSError):  # smtplib's errors are OSErrors too
            self._connection.close()

    def _open(self) -> None:
        """By itself the backend would open and close for each message."""
        try:
            self._connection.open()
        except Exception as error:  # noqa: BLE001 - no message is to blame
            logger.error("The mail server is down, all emails wait: %r", error)
            self._missed = error
            self.close()  # a refused sign-in leaves the connection open
