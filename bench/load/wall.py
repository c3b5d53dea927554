"""What has to be in an answer, and what may not: anything of a client that the reader may not read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from html import unescape

from bench.load.browser import Reply
from bench.load.plan import Client

SLUG = re.compile(r"/e/([\w-]+)/")
KEY_RESULT = re.compile(r"/key-results/(\w+)/")


class Wrong(Exception):
    """An answer that is not what was asked for; the message says what is wrong with it."""


class Wall:
    """What one reader may see of all that the database holds."""

    def __init__(self, clients: Sequence[Client], *, names: str) -> None:
        self.names = re.compile(names)
        self.slugs = {client.slug for client in clients}
        self.own_names = {client.name for client in clients}
        self.key_results = {key for client in clients for key in client.key_results}

    def check(self, reply: Reply, *, statuses: Collection[int], has: str) -> None:
        """Raises Wrong for another status, without that piece, and for a name of another client."""
        if reply.status not in statuses:
            raise Wrong(f"answered {reply.status}")
        text = unescape(reply.text)
        if has not in text:
            raise Wrong("without what it should hold")
        for what, found, own in (
            ("link into", SLUG.findall(text), self.slugs),
            ("key result of", KEY_RESULT.findall(text), self.key_results),
            ("name of", self.names.findall(text), self.own_names),
        ):
            if strange := sorted(set(found) - own):
                raise Wrong(f"WALL: the {what} another client, {strange[0]}")
