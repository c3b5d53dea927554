"""How often each thing may be done: one table, counted in Valkey by one function.

A try is counted before it is judged, so tries that come at once count one by one. Windows follow
the clock: a limit of a day starts again at midnight UTC.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render

from tenancy.caches import CACHE_ERRORS, counters

MINUTE, HOUR, DAY = 60, 3600, 86_400
WINDOWS = {
    MINUTE: "a minute",
    5 * MINUTE: "5 minutes",
    15 * MINUTE: "15 minutes",
    HOUR: "an hour",
    DAY: "a day",
}


@dataclass(frozen=True)
class Limit:
    """An amount per window of so many seconds; `refusal` is the error on a form."""

    name: str
    amount: int
    seconds: int
    refusal: str = ""

    @property
    def window(self) -> str:
        return WINDOWS[self.seconds]


@dataclass(frozen=True)
class VisitorLimits:
    """The limits on attempts by visitors who have not signed in.

    A stranger uses up the limit of their network, and of their network with this account. Only
    many networks together reach the limit of the account. A device on which the owner has signed
    in before has its own limit instead, which no stranger can use up.
    """

    network: Limit
    account_from_network: Limit
    account: Limit
    device: Limit


PASSWORDS = VisitorLimits(
    network=Limit("password:network", 10, MINUTE),
    account_from_network=Limit("password:account-from-network", 5, 15 * MINUTE),
    account=Limit("password:account", 100, HOUR),
    device=Limit("password:device", 10, 15 * MINUTE),
)
CODES = VisitorLimits(
    network=Limit("code:network", 20, MINUTE),
    account_from_network=Limit("code:account-from-network", 3, 5 * MINUTE),
    account=Limit("code:account", 20, HOUR),
    device=Limit("code:device", 3, 5 * MINUTE),
)
RESETS = VisitorLimits(
    network=Limit("reset:network", 20, MINUTE),
    account_from_network=Limit("reset:account-from-network", 3, 5 * MINUTE),
    account=Limit("reset:account", 20, HOUR),
    device=Limit("reset:device", 3, 5 * MINUTE),
)
CODE_GUESSES = Limit("code-guess:session", 6, 5 * MINUTE)
RESET_LINKS = Limit("reset-link:network", 20, MINUTE)
SHARE_LINK_READS = Limit("share-link:reads", 600, MINUTE)  # an office reads behind one address
SHARE_LINK_GUESSES = Limit("share-link:guesses", 20, MINUTE)

POSTS = Limit("posts", 1_500, 5 * MINUTE)  # of any form, previews included
PASSWORD_CHANGES = Limit("password-change", 5, MINUTE)
ADDRESS_GUESSES = Limit("address:guesses", 10, HOUR)  # at the password that it asks for
ADDRESSES = Limit(
    "address:emails", 5, DAY, "You've asked for 5 new addresses today. Try again tomorrow."
)
INVITATION = Limit(
    "invitation:person", 3, DAY, "{name} has been sent 3 invitations today. Try again tomorrow."
)
INVITATIONS = Limit(
    "invitation:sender", 200, DAY, "You've sent 200 invitations today. Send the rest tomorrow."
)
ENGAGEMENTS = Limit(
    "engagements", 10, DAY, "You've created 10 engagements today. Create the next one tomorrow."
)
SHARE_LINKS = Limit(
    "share-links", 30, DAY, "You've created 30 share links today. Create the next one tomorrow."
)
EXPORTS = Limit("exports", 20, HOUR)


def count(limit: Limit, *subject: object, by: int = 1) -> int:
    """Count `by` more of this subject; returns how many the window has now.

    Raises one of CACHE_ERRORS while Valkey does not answer.
    """
    # Hashed: subjects are addresses of people, of any length.
    digest = hashlib.sha256("\0".join(map(str, subject)).encode()).hexdigest()[:32]
    key = f"limits:{limit.name}:{digest}:{int(time.time()) // limit.seconds}"
    with counters().pipeline() as pipe:
        pipe.incrby(key, by)
        pipe.expire(key, limit.seconds)
        return int(pipe.execute()[0])


def is_exceeded(limit: Limit, *subject: object) -> bool:
    """Count one more; True beyond the limit. While Valkey is away nothing is refused."""
    try:
        return count(limit, *subject) > limit.amount
    except CACHE_ERRORS:
        return False


def require(limit: Limit, *subject: object, **named: str) -> None:
    """Count one more, or raise ValidationError `limit`; refused attempts don't count."""
    if is_exceeded(limit, *subject):
        uncount([(limit, subject)])
        raise ValidationError(limit.refusal.format(**named), code="limit")


Tries = list[tuple[Limit, tuple[object, ...]]]


def first_exceeded(tries: Tries) -> Limit | None:
    """Count the attempts in turn and return the first limit that is exceeded.

    An attempt refused by a narrow limit doesn't use up a wider one. Raises one of CACHE_ERRORS.
    """
    return next((limit for limit, subject in tries if count(limit, *subject) > limit.amount), None)


def uncount(tries: Iterable[tuple[Limit, tuple[object, ...]]]) -> None:
    """Subtract one of each."""
    for limit, subject in tries:
        count(limit, *subject, by=-1)


def network_of(request: HttpRequest) -> str:
    """Return the address that a request came from behind the proxies; of IPv6 its /64 network."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    # Each proxy appends the address that it saw; what is further left, the visitor may have written.
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    seen = hops[-count].strip() if is_proxy(peer) and 0 < count <= len(hops) else ""
    host, port = split_domain_port(seen)  # some proxies append the port
    try:
        ip = ip_address((host.strip("[]") if port else seen) or peer)
    except ValueError:  # a socket has none, and a proxy may send something else
        return peer
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))
    return str(ip)


@lru_cache(maxsize=1024)
def is_proxy(address: str) -> bool:
    """Return whether headers from this address are trusted (FORWARDED_ALLOW_IPS)."""
    if not address or "*" in settings.TRUSTED_PROXIES:
        return True
    return any(ip_address(address) in ip_network(each) for each in settings.TRUSTED_PROXIES)


def too_often(request: HttpRequest, limit: Limit) -> HttpResponse:
    """Answer 429 with a page that shows how long to wait."""
    return render(request, "429.html", {"limit": limit}, status=429)
