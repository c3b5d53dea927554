"""Worker and beat. PostgreSQL is the queue; Celery over Valkey or Redis is the doorbell."""

from __future__ import annotations

import logging.config
import os

import django
from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("plumbline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(lambda: settings.INSTALLED_APPS)


@setup_logging.connect
def log_as_pages_do(**_: object) -> None:
    """Keep our own logs, which mask tokens, where Celery would put in its own (and heed `-l`)."""
    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """Stop worker and beat on the same settings as the web process."""
    django.setup()
    from config import startup  # models need the apps to be loaded

    try:
        startup.refuse_unsafe_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None  # Celery would log anything else and go on
    startup.share_memory()
