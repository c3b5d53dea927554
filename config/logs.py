"""What must not stand in a log: addresses that are keys, since whoever reads one could use it."""

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
            return True  # a message that does not fit its arguments: the handler says so
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = masked(record.exc_text or text)
        return True


def mask_web_server() -> None:
    """The web server sets up its own logs, of errors and of requests, before it loads us."""
    for name in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).addFilter(MaskTokens())
