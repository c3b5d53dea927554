"""The start of a process: settings that it refuses, and memory that its workers share."""

from __future__ import annotations

import gc

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
    if not settings.DEMO:
        _refuse_default_secret()
        _refuse_mail_to_the_log()
        _refuse_demo_passwords()
    _refuse_role_without_walls()
    _refuse_wide_grants()


def share_memory() -> None:
    """Load URLs and templates' tags, and take all that is loaded out of garbage collection.

    It lasts, and forked processes share its memory as long as none writes there.
    """
    assert get_resolver().url_patterns  # noqa: S101 - loads the views
    engines.all()
    gc.collect()
    gc.freeze()


def _refuse_default_secret() -> None:
    if settings.SECRET_KEY == settings.DEFAULT_SECRET or len(settings.SECRET_KEY) < 40:
        raise ImproperlyConfigured(
            "SECRET_KEY is the default or shorter than 40 characters. Set it to a long random"
            " value of your own, e.g. from `python -c 'import secrets;"
            " print(secrets.token_urlsafe(50))'`."
        )


def _refuse_mail_to_the_log() -> None:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        raise ImproperlyConfigured(
            "Without EMAIL_URL sign-in codes and invitations would go to the log. Set a mail"
            " server, e.g. EMAIL_URL=smtp+tls://user:password@mail.example.com:587."
        )


def _refuse_demo_passwords() -> None:
    for user in User.objects.filter(email__endswith=DOMAIN, is_active=True):
        if check_password(PASSWORD, user.password):
            raise ImproperlyConfigured(
                f"{user.email} signs in with the demo password. Start from a database without the"
                " demo, or disable its people."
            )


def _refuse_role_without_walls() -> None:
    with connection.cursor() as cursor:
        # Roles that it may become count as well as itself.
        cursor.execute(
            "SELECT bool_or(rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class"
            " WHERE relowner = r.oid AND relkind = 'r')) FROM pg_roles r"
            " WHERE pg_has_role(current_user, r.oid, 'MEMBER')"
        )
        (unsafe,) = cursor.fetchone()
    if unsafe:
        raise ImproperlyConfigured(
            "The role in DATABASE_URL owns tables, is a superuser or bypasses row level security."
            " Run `manage.py bootstrap_roles` and use the role plumbline_app there."
        )


def _refuse_wide_grants() -> None:
    if tables := too_wide(using="default"):
        raise ImproperlyConfigured(
            f"The role in DATABASE_URL may change or delete more than pages need: {', '.join(tables)}."
            " A restored database needs `manage.py migrate` once, which renews the grants."
        )
