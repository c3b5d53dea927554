"""The worker class of the web server: a request gets a thread once it has arrived.

gunicorn's own class gives a connection a thread at its first byte. A few clients that send half a
header then occupy every thread, and the site answers no one.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

ARRIVE_WITHIN = 10.0  # seconds for a header, and for a body that is awaited
SILENCE = 20  # seconds in which a larger body, or the reader of an answer, must move on
MOST_AWAITED = 65_536  # bytes; a larger request gets its thread at once
YIELD_SECONDS = 0.0005  # a connection that a worker has, while others may take the next one


class Worker(ThreadWorker):  # type: ignore[misc]
    """A thread worker that waits for requests without a thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: dict[Any, float] = {}  # connection -> when it is closed

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, unless a worker with fewer takes it first.

        Connections that stay open stay with their worker: without the pause one worker may take
        all of them, and the others have nothing to do.
        """
        time.sleep(min(self.nr_conns, 8) * YIELD_SECONDS)
        super().accept(listener)

    def enqueue_req(self, conn: Any) -> None:
        """Read arrived data; called for a new connection and for each further request."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if not conn.initialized:
            limit = struct.pack("ll", SILENCE, 0)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            conn.init()
        conn.received = conn.parser.unreader.take_buffered()
        conn.sock.settimeout(0)
        self.arriving[conn] = time.monotonic() + ARRIVE_WITHIN
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.read, conn))
        if conn.received:
            self.start_if_complete(conn)

    def read(self, conn: Any, _sock: socket.socket) -> None:
        try:
            data = conn.sock.recv(MOST_AWAITED)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.forget(conn)
            return
        conn.received += data
        self.start_if_complete(conn)

    def start_if_complete(self, conn: Any) -> None:
        if not is_complete(conn.received):
            return
        del self.arriving[conn]
        self.poller.unregister(conn.sock)
        conn.parser.unreader.unread(conn.received)
        conn.received, conn.data_ready = b"", True
        super().enqueue_req(conn)

    def murder_pending(self) -> None:
        """Close connections whose request did not arrive in time; called about once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, until in self.arriving.items() if until < now]:
            self.forget(conn)

    def forget(self, conn: Any) -> None:
        del self.arriving[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def is_complete(received: bytes) -> bool:
    """Whether header and body are there, or more than is awaited."""
    if len(received) >= MOST_AWAITED:
        return True
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    headers = {name: value.strip() for name, _, value in lines}
    length = headers.get(b"content-length", b"0")
    if b"expect" in headers or not length.isdigit() or len(length) > len(str(MOST_AWAITED)):
        return True  # the client waits for an answer first, or gunicorn refuses the request
    return not len(body) < int(length) < MOST_AWAITED
