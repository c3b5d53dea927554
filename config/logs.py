"""Mask URLs with secret tokens in logs, since a reader of the log could use them."""

from __future__ import annotations

import logging
import re

# Share links, invitations, password resets, stop links, new addresses; as they are, or quoted in
# another address.
TOKEN = re.compile(
    r"""((?:/|%2F)(?:s|invitations|reset(?:/|%2F)key|notices(?:/|%2F)stop"""
    r"""|profile(?:/|%2F)address)(?:/|%2F))"""
    r"""(?:[^/\s?&#"'<>%]|%3A)+""",
    re.I,
)


def masked(text: str) -> str:
    return TOKEN.sub(r"\1…", text)


class MaskTokens(logging.Filter):
    """Takes tokens out of the message, of its arguments, and of the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            record.msg, record.args = masked(record.getMessage()), None
        except (TypeError, ValueError, KeyError):
            return True  # the handler reports a message that doesn't fit its arguments
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = masked(record.exc_text or text)
        return True


def mask_web_server() -> None:
    """Mask the web server's own logs, which it sets up before it loads the application."""
    for name in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).addFilter(MaskTokens())
