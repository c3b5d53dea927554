"""The web process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils.http import parse_header_parameters

from config.logs import mask_web_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
handle = get_wsgi_application()
CHARSETS = {"utf-8", "utf8", "us-ascii"}


def application(request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Refuse a request in another charset: Django would fail at it before any middleware."""
    try:
        _, parameters = parse_header_parameters(request.get("CONTENT_TYPE", ""))
        is_readable = parameters.get("charset", "utf-8").lower() in CHARSETS
    except ValueError:
        is_readable = False
    if is_readable:
        return handle(request, start_response)
    start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"Send the request as UTF-8.\n"]


from config.startup import refuse_unsafe_start, share_memory  # noqa: E402 - needs the apps to be loaded

mask_web_server()
refuse_unsafe_start()
share_memory()
connections.close_all()  # workers are forked from this process; each opens its own
