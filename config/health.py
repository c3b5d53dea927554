"""The operator's probes: `live` for restarts and balancers, `ready` for alarms."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils import timezone
from django.views import defaults
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from mail import runs

SWEEP_LIMIT = timedelta(minutes=5)  # beat rings every minute
RETRY_SECONDS = 5
MAIL_LIMIT = timedelta(minutes=15)

Answers = dict[str, bool | int | str | None]


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while database or cache are away or too busy, 500 to any other error.

    Django calls this for an error in a view or a middleware, while it handles that error.
    """
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError | redis.RedisError):
        return defaults.server_error(request)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


@login_not_required  # for the operator's probes; reveals nothing about clients
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs."""
    return JsonResponse({"status": "ok"})


@login_not_required  # for the operator's probes; reveals nothing about clients
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Check database, broker, sweeps and email; answer 503 if one of them fails.

    Jobs are checked by their rows, since a running process can be stuck.
    """
    answers: Answers = {"broker": _broker_answers(), **_work(now=timezone.now())}
    failing = any(answer is False for answer in answers.values())
    status = "failing" if failing else "ok"
    return JsonResponse({"status": status, **answers}, status=503 if failing else 200)


def _work(*, now: datetime) -> Answers:
    """Read the age of the last sweep (null before the first) and of the oldest unclaimed message.

    Both are in seconds.
    """
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
        last = runs.last(using="sweep")
        waiting = runs.waiting_since(now=now) or now
    except Error:
        return {"database": False}
    swept = last.get("sweep")
    since = swept or last["installation"]
    return {
        "database": True,
        "sweep": now - since <= SWEEP_LIMIT,
        "sweep_seconds": int((now - swept).total_seconds()) if swept else None,
        "mail": now - waiting <= MAIL_LIMIT,
        "mail_seconds": int((now - waiting).total_seconds()),
        **({} if swept else {"note": "No sweep has run yet."}),
    }


def _broker_answers() -> bool:
    limits = {"socket_connect_timeout": 2, "socket_timeout": 2}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
