from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from engagements.scoping import identity

Handler = Callable[[HttpRequest], HttpResponse]
PAGE_METHODS = ("GET", "HEAD", "OPTIONS", "POST")


class PageMethodsMiddleware:
    """Pages are read and forms are posted; other methods are no way in."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in PAGE_METHODS:
            return HttpResponseNotAllowed(PAGE_METHODS)
        return self.get_response(request)


class TransactionMiddleware:
    """One transaction a request, in which the walls know who asks; 500 and above rolls back."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/healthz/"):  # must answer while the database does not
            return self.get_response(request)
        with transaction.atomic():
            known = request.user.is_authenticated
            with identity(user_id=request.user.pk) if known else nullcontext():
                response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response


class PrivateResponseMiddleware:
    """Keeps pages out of caches and sign-in pages out of fragments."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.htmx and _asks_to_sign_in(response):  # type: ignore[attr-defined]
            response = HttpResponseClientRedirect(_sign_in_again(request))
        patch_vary_headers(response, ("Cookie", "HX-Request"))
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


def _asks_to_sign_in(response: HttpResponse) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 302 and urlsplit(location).path == resolve_url(
        settings.LOGIN_URL
    )


def _sign_in_again(request: HttpRequest) -> str:
    # Back to the page they were on, where the draft waits; not to the fragment they asked for.
    page = urlsplit(request.headers.get("HX-Current-URL", "/"))
    back = page.path + (f"?{page.query}" if page.query else "")
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
