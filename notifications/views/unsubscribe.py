from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from notifications.commands import resume_notices, stop_notices
from notifications.unsubscribe import masked, user_of

PAGE = "notifications/notices_stop.html"
AGAIN = "again"  # the button that takes it back; a mail program sends none


# Security: the token in the address is the key, to two switches of one person and nothing else.
# No form token besides: mail programs post here for their reader, without cookies (RFC 8058), and
# who could forge the request would have to know the address that only this person's mails hold.
@csrf_exempt
@login_not_required
def notices_stop(request: HttpRequest, token: str) -> HttpResponse:
    user = user_of(token)
    if user is None:
        return render(request, "notifications/notices_stop_gone.html", status=404)
    if request.method == "POST":  # answered here: a mail program does not follow redirects
        change = resume_notices if AGAIN in request.POST else stop_notices
        change(user=user)
    page = {
        "address": masked(user.email),
        "just_changed": request.method == "POST",
        "stopped": not (user.wants_reminders or user.wants_digests),
    }
    return render(request, PAGE, page)
