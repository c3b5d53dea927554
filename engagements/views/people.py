from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts import limits
from accounts.commands import find_new_address, note_requested
from accounts.limits import too_often
from accounts.models import User
from accounts.sign_in import remember_device
from engagements.access import SignedInRequest, signed_in
from engagements.commands.invitations import accept_as_user, accept_invitation
from engagements.commands.profiles import ask_for_address, change_address
from engagements.form_views import run_command
from engagements.forms.members import AcceptForm, AddressForm
from engagements.links import find_invitation
from engagements.models import Invitation, Role
from engagements.queries import invited

ACCEPT = "engagements/invitation_accept.html"


@login_not_required  # Security: the token in the address is the key, to this one invitation only.
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    found = find_invitation(token)
    if found is None or not found.is_open(now=timezone.now()):
        return _gone(request, status=404 if found is None else 410)
    invitation = invited(found)
    try:
        if isinstance(request.user, User):
            return _as_user(request, invitation, token=token, user=request.user)
        return _as_newcomer(request, invitation, token=token)
    except ValidationError:  # someone else was faster with the same link
        return _gone(request, status=410)


def _as_user(
    request: HttpRequest, invitation: Invitation, *, token: str, user: User
) -> HttpResponse:
    page = {"invitation": invitation}
    if user.email != invitation.membership.email:
        return render(request, ACCEPT, {**page, "other": True}, status=403)
    if request.method != "POST":
        return render(request, ACCEPT, page)
    accept_as_user(token=token, user=user, now=timezone.now())
    return _welcome(request, invitation)


def _as_newcomer(request: HttpRequest, invitation: Invitation, *, token: str) -> HttpResponse:
    member = invitation.membership
    form = AcceptForm(request.POST or None, email=member.email, initial={"name": member.name})
    has_account = User.objects.filter(email=member.email).exists()
    if has_account or not form.is_valid():
        status = 422 if form.is_bound else 200
        page = {"invitation": invitation, "has_account": has_account, "form": form}
        return render(request, ACCEPT, page, status=status)
    user = accept_invitation(token=token, now=timezone.now(), **form.cleaned_data)
    login(request, user)
    response = _welcome(request, invitation)
    remember_device(response, user)
    return response


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    messages.success(request, f"Welcome to {invitation.engagement}.")
    if invitation.membership.role == Role.LEAD:  # leads start at the first steps, others at My week
        return redirect("workspace:home", invitation.engagement.slug)
    return redirect("/")


def _gone(request: HttpRequest, *, status: int) -> HttpResponse:
    return render(request, "engagements/gone.html", {"invitation": True}, status=status)


@signed_in
def address_change(request: SignedInRequest) -> HttpResponse:
    """Request a new address; people without a password must set one first."""
    user = request.user
    form = AddressForm(request.POST or None, user=user)
    if request.method == "POST" and user.has_usable_password():
        if limits.is_exceeded(limits.ADDRESS_GUESSES, user.pk):
            return too_often(request, limits.ADDRESS_GUESSES)
        if form.is_valid():
            run_command(form, ask_for_address, user=user)
        if form.is_valid():
            new = form.cleaned_data["email"]
            note_requested(request.session, user=user, new=new, now=timezone.now())
            messages.success(request, f"We’ve emailed a link to {new}. Follow it to confirm.")
            return redirect("notifications:profile")
    status = 422 if form.is_bound else 200
    return render(request, "engagements/address_change.html", {"form": form}, status=status)


@signed_in
def address_confirm(request: SignedInRequest, token: str) -> HttpResponse:
    new, refusal = find_new_address(token, user=request.user), ""
    if new is not None and request.method == "POST":
        try:
            change_address(user=request.user, token=token)
        except ValidationError as error:
            refusal = error.messages[0]
        else:
            messages.success(request, f"Your email address is now {new}.")
            return redirect("notifications:profile")
    status = 404 if new is None else 422 if refusal else 200
    page = {"new": new, "refusal": refusal}
    return render(request, "engagements/address_confirm.html", page, status=status)
