from __future__ import annotations

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@login_not_required  # for the operator's probes; says nothing about any client
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required  # for the operator's probes; says nothing about any client
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The process can work: database and broker answer. 503 names what does not."""
    checks = {"database": _database_answers(), "broker": _broker_answers()}
    well = all(checks.values())
    return JsonResponse(
        {"status": "ok" if well else "failing", **checks}, status=200 if well else 503
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
        return bool(client.ping())
    except redis.RedisError:
        return False
