from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts import limits
from accounts.addresses import find_change, note_asked
from accounts.limits import too_often
from engagements.access import SignedInRequest, signed_in
from engagements.commands import ask_for_address, change_address
from engagements.form_views import run_command
from engagements.forms import AddressForm

PAGE = "engagements/address_change.html"
CONFIRM = "engagements/address_confirm.html"


@signed_in
def address_change(request: SignedInRequest) -> HttpResponse:
    """Request a new address; people without a password must set one first."""
    user = request.user
    form = AddressForm(request.POST or None, user=user)
    if request.method == "POST" and user.has_usable_password():
        if limits.is_exceeded(limits.ADDRESS_GUESSES, user.pk):
            return too_often(request, limits.ADDRESS_GUESSES)
        if form.is_valid() and _asked(form, request):
            new = form.cleaned_data["email"]
            note_asked(request.session, user=user, new=new, now=timezone.now())
            messages.success(request, f"We’ve emailed a link to {new}. Follow it to confirm.")
            return redirect("notifications:profile")
    return render(request, PAGE, {"form": form}, status=422 if form.is_bound else 200)


@signed_in
def address_confirm(request: SignedInRequest, token: str) -> HttpResponse:
    change, refusal = find_change(token, user=request.user), ""
    if change is not None and request.method == "POST":
        try:
            change_address(user=request.user, token=token)
        except ValidationError as error:
            refusal = error.messages[0]
        else:
            messages.success(request, f"Your email address is now {change.new}.")
            return redirect("notifications:profile")
    status = 404 if change is None else 422 if refusal else 200
    page = {"change": change, "refusal": refusal}
    return render(request, CONFIRM, page, status=status)


def _asked(form: AddressForm, request: SignedInRequest) -> bool:
    run_command(form, ask_for_address, user=request.user)
    return form.is_valid()
