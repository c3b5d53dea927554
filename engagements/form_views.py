"""The responses of a view to a form: page, 422 with the input, 409 with both versions, redirect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import Truncator
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from engagements.access import MemberRequest
from engagements.edit_forms import EditForm
from engagements.queries import last_save
from tenancy.constraints import refusal_of
from tenancy.locks import StaleEdit
from tenancy.scoping import end_writing

MOST_REPEATED = 80  # characters


def run_command(form: forms.Form, command: Callable[..., Any], **known: Any) -> Any:
    """Run the command with this valid form and commit; return None if that was refused.

    The form then has the errors, or as `stale` the row that someone else saved meanwhile. For a
    form without a version StaleEdit is raised.
    """
    try:
        result = command(**form.cleaned_data, **known)
    except ValidationError as refusal:
        add_errors(form, refusal)
        return None
    except IntegrityError as error:  # another row was saved between the check and the insert
        add_errors(form, refusal_of(error))
        return None
    except StaleEdit as stale:
        if not isinstance(form, EditForm):
            raise
        form.stale = stale.current
        return None
    end_writing()
    return result


def add_errors(form: forms.Form, refusal: ValidationError) -> None:
    """Add each error to its field, by field name or by the error's code."""
    if hasattr(refusal, "error_dict"):
        for name, errors in refusal.error_dict.items():
            form.add_error(name if name in form.fields else None, ValidationError(errors))
        return
    error_fields: dict[str, str] = getattr(form, "error_fields", {})
    for error in refusal.error_list:
        code = error.code or ""
        field = error_fields.get(code, code)
        form.add_error(field if field in form.fields else None, error)


def shorten(text: str) -> str:
    """Shorten a text for a toast, which travels in a header of limited length."""
    return Truncator(" ".join(text.split())).chars(MOST_REPEATED)


def form_page(
    request: MemberRequest, template: str, *, form: forms.Form, **context: Any
) -> HttpResponse:
    """Render the page with its form, for htmx the form alone; 422 if the form has errors.

    If the row was saved meanwhile: both versions, and the form ready to be saved over it, 409.
    """
    status = 422 if form.is_bound and not form.is_valid() else 200
    if isinstance(form, EditForm) and form.stale is not None:
        status, saved = 409, last_save(form.stale)
        form = form.on_top_of(form.stale)
        context |= {"differences": form.compare(), "saved": saved}
    part = f"{template}#form" if request.htmx else template
    return render(request, part, {"form": form, **context}, status=status)


def redirect_to(request: MemberRequest, to: str, *args: Any) -> HttpResponse:
    """Go to the page of that URL name, in this engagement."""
    url = resolve_url(to, request.engagement.slug, *args)
    if request.htmx:
        # On its way out the page forgets the draft of the form that was saved.
        return trigger_client_event(HttpResponseClientRedirect(url), "form-saved")
    return redirect(url)


def toast(response: HttpResponse, text: str, *, undo: dict[str, str] | None = None) -> HttpResponse:
    """Show a toast; `undo` holds the URL of the undo form, its card and its title."""
    return trigger_client_event(
        response, "toast", {"text": text, **({"undo": undo} if undo else {})}
    )


def redirect_back(request: MemberRequest, *, otherwise: str) -> HttpResponse:
    """Go back to the page that the form came from."""
    return go_to(request, next_url(request) or otherwise)


def next_url(request: MemberRequest) -> str:
    """Return the URL to go to afterwards, from link or form, if it is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Anything else would be taken for the name of a view.
    return wanted if own and wanted.startswith("/") else ""


def go_to(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
