from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from tenancy.scoping import identity, request_transaction

Handler = Callable[[HttpRequest], HttpResponse]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PAGE_METHODS = (*SAFE_METHODS, "POST")
# URLs with secret tokens: share links, stop links, invitations, links to a new address. The last two
# have a form, whose CSRF check needs the referrer, which browsers drop under `no-referrer`.
KEYS = {
    "/invitations/": "same-origin",
    "/s/": "no-referrer",
    "/notices/stop/": "no-referrer",
    "/profile/address/": "strict-origin",
}


class SharedPageMiddleware(MiddlewareMixin):
    """URLs with tokens stay out of other sites' logs and of search engines.

    The outermost middleware, so that it covers pages, redirects and errors alike.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for start, policy in KEYS.items():
            if request.path_info.startswith(start) and request.path_info != start:
                response["Referrer-Policy"] = policy
                response["X-Robots-Tag"] = "noindex, nofollow"
        return response


class RequestBytesMiddleware(MiddlewareMixin):
    """Error 400 for bytes that no browser sends and that PostgreSQL or Python can't read.

    Form fields are left to their forms, which name the field.
    """

    def process_request(self, request: HttpRequest) -> None:
        query = (text for texts in request.GET.lists() for text in (texts[0], *texts[1]))
        if any("\0" in text for text in (request.path_info, *request.COOKIES.values(), *query)):
            raise BadRequest("The request holds a NUL character.")


class PageMethodsMiddleware(MiddlewareMixin):
    """Error 405 for methods other than those of pages and forms, with a page for people.

    They open the address of a form from the browser's history, or by reloading after a sign-in.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        is_allowed = request.method in PAGE_METHODS
        return None if is_allowed else HttpResponseNotAllowed(PAGE_METHODS)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_opened = request.method == "GET" and "HX-Request" not in request.headers
        if response.status_code == 405 and is_opened:
            # Messages wait for the next page: by now they can't be marked as shown.
            response.content = render_to_string("405.html", {"messages": ()}, request)
            response["Content-Length"] = len(response.content)
        return response


class TransactionMiddleware:
    """One transaction a request, in which the walls know who asks; 500 and above rolls back.

    A request that reads cannot write. The gate ends the transaction of one that writes before it
    renders the page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/healthz/"):  # must answer while the database does not
            return self.get_response(request)
        with request_transaction(read_only=request.method in SAFE_METHODS):
            known = request.user.is_authenticated
            with identity(user_id=request.user.pk) if known else nullcontext():
                response = self.get_response(request)
            # After a commit that failed there is none left to roll back.
            if response.status_code >= 500 and connection.in_atomic_block:
                transaction.set_rollback(True)
        return response


class PrivateResponseMiddleware(MiddlewareMixin):
    """Pages stay out of caches."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        patch_vary_headers(response, ("Cookie", "HX-Request"))
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Visitors are sent to sign-in, and from there back to the page that they were on."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Handler
    ) -> HttpResponse:
        query = QueryDict(mutable=True)
        query[REDIRECT_FIELD_NAME] = _page_of(request)
        # A form or a fragment is requested from a page, so this person was signed in before.
        had_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if had_session or request.htmx or request.method == "POST":  # type: ignore[attr-defined]
            query["expired"] = "1"
        url = f"{resolve_url(settings.LOGIN_URL)}?{query.urlencode(safe='/')}"
        # As a fragment, the sign-in page would appear inside the page.
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]


def _page_of(request: HttpRequest) -> str:
    """Return the URL of the page with the draft, not that of a fragment or of a form's action."""
    if request.htmx:  # type: ignore[attr-defined]
        address = request.headers.get("HX-Current-URL", "")
    elif request.method == "POST":
        address = request.headers.get("Referer", "")
    else:
        return request.get_full_path()
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return "/"  # for a URL of any other site
    page = urlsplit(address)
    return page.path + (f"?{page.query}" if page.query else "")
