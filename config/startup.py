"""The start of a process: settings that it refuses, and memory that its workers share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import chain

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.template import engines
from django.urls import get_resolver

from accounts.models import User
from demo.story import DOMAIN, PASSWORD
from tenancy.grants import too_wide


def refuse_unsafe_start() -> None:
    """Refuse unsafe settings before the first request, with a message that says how to fix them.

    Raises ImproperlyConfigured outside the demo for a default secret, missing mail server or demo
    password, and everywhere for a database role that could bypass the walls or change append-only
    tables.
    """
    for problem in chain(() if settings.DEMO else _unsafe_settings(), _unsafe_roles()):
        raise ImproperlyConfigured(problem)


def share_memory() -> None:
    """Load URLs and templates' tags, and take all that is loaded out of garbage collection.

    It lasts, and forked processes share its memory as long as none writes there.
    """
    assert get_resolver().url_patterns  # noqa: S101 - loads the views
    engines.all()
    gc.collect()
    gc.freeze()


def _unsafe_settings() -> Iterator[str]:
    if settings.SECRET_KEY == settings.DEFAULT_SECRET or len(settings.SECRET_KEY) < 40:
        yield (
            "SECRET_KEY is the default or shorter than 40 characters. Set it to a long random"
            " value of your own, e.g. from `python -c 'import secrets;"
            " print(secrets.token_urlsafe(50))'`."
        )
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        yield (
            "Without EMAIL_URL sign-in codes and invitations would go to the log. Set a mail"
            " server, e.g. EMAIL_URL=smtp+tls://user:password@mail.example.com:587."
        )
    for user in User.objects.filter(email__endswith=DOMAIN, is_active=True):
        if check_password(PASSWORD, user.password):
            yield (
                f"{user.email} signs in with the demo password. Start from a database without the"
                " demo, or disable its people."
            )


def _unsafe_roles() -> Iterator[str]:
    with connection.cursor() as cursor:
        # Roles that it may become count as well as itself.
        cursor.execute(
            "SELECT bool_or(rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class"
            " WHERE relowner = r.oid AND relkind = 'r')) FROM pg_roles r"
            " WHERE pg_has_role(current_user, r.oid, 'MEMBER')"
        )
        (is_unsafe,) = cursor.fetchone()
    if is_unsafe:
        yield (
            "The role in DATABASE_URL owns tables, is a superuser or bypasses row level security."
            " Run `manage.py bootstrap_roles` and use the role plumbline_app there."
        )
    if tables := too_wide(using="default"):
        yield (
            f"The role in DATABASE_URL may change or delete more than pages need: {', '.join(tables)}."
            " A restored database needs `manage.py migrate` once, which renews the grants."
        )
