from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.models import User
from accounts.sign_in import remember_device
from engagements.commands import accept_as_user, accept_invitation
from engagements.forms import AcceptForm
from engagements.links import find_invitation
from engagements.queries import Invited, invited


@login_not_required  # Security: the token in the address is the key, to this one invitation only.
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    invitation = find_invitation(token)
    if invitation is None or not invitation.is_open(now=timezone.now()):
        return _gone(request, status=404 if invitation is None else 410)
    page = invited(invitation)
    try:
        if isinstance(request.user, User):
            response = _as_user(request, token=token, user=request.user, page=page)
        else:
            response = _as_newcomer(request, token=token, page=page)
    except ValidationError:  # someone else was faster with the same link
        return _gone(request, status=410)
    return _unseen(response)


def _as_user(request: HttpRequest, *, token: str, user: User, page: Invited) -> HttpResponse:
    template = "engagements/invitation_accept.html"
    if user.email.lower() != page.email.lower():
        return render(request, template, {"page": page, "other": True}, status=403)
    if request.method != "POST":
        return render(request, template, {"page": page})
    accept_as_user(token=token, user=user)
    return _welcome(request, page)


def _as_newcomer(request: HttpRequest, *, token: str, page: Invited) -> HttpResponse:
    form = AcceptForm(request.POST or None, email=page.email, initial={"name": page.name})
    if page.has_account or not form.is_valid():
        status = 422 if form.is_bound else 200
        context = {"page": page, "form": form}
        return render(request, "engagements/invitation_accept.html", context, status=status)
    user = accept_invitation(token=token, **form.cleaned_data)
    login(request, user)
    response = _welcome(request, page)
    remember_device(response, user)
    return response


def _welcome(request: HttpRequest, page: Invited) -> HttpResponse:
    messages.success(request, f"Welcome to {page.engagement}.")
    if page.leads:  # leads start at the first steps, others at My week
        return redirect("workspace:home", page.slug)
    return redirect("/")


def _gone(request: HttpRequest, *, status: int) -> HttpResponse:
    return _unseen(render(request, "engagements/invitation_gone.html", status=status))


def _unseen(response: HttpResponse) -> HttpResponse:
    # Not `no-referrer`: browsers then send `Origin: null` with the form, and it fails as forged.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
