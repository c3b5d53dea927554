"""Celery's app with something to say about an address that is a key, as worker and as beat."""

from __future__ import annotations

import logging

from celery.signals import beat_init, worker_ready

from config.celery import app

__all__ = ["app"]

TOKEN = "Zx3kq-token_that-nobody-may-read-0123456789"


@worker_ready.connect
@beat_init.connect(weak=False)
def tell(**_: object) -> None:
    address = f"/s/{TOKEN}/"
    try:
        raise RuntimeError(f"cannot draw {address}")
    except RuntimeError:
        logging.getLogger("plumbline").exception("Failed on %s", address)
